"""The entries of a batch, for who holds neither a blinding key nor the books of a center: blinds and dictionary are brought.

A blind opens the hash of one private part. The private part itself is checked for its form, and told to nobody.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire.batches.batch import Broken, Rebuilt, dictionary_named, read_batch, rebuild
from sync.wire.batches.batch_tables import Dictionary, dictionary_from
from sync.wire.entry import PART_BYTES_MAX, Entry, Head, PrivatePart, understood
from sync.wire.errors import HashDiffers, Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sync.wire.cose import VerifyingKey
    from sync.wire.exchange import ExchangeRequest


def opened_entries(
    request: ExchangeRequest, key: VerifyingKey, blinds: Iterator[bytes], dictionary: bytes | None
) -> Iterator[Entry]:
    """The entries in a request, each once a signature binds it: its own, or the last one's where the batch is lean.

    Raises: Malformed, NotAuthentic.
    """
    known = _dictionary(request, dictionary)
    if not request.batch:
        return
    contents = read_batch(request.batch, first=request.base, known=known)
    rebuilt: list[Rebuilt] = []
    base = Head(request.base, request.base_prev)
    for one in rebuild(
        contents, base, device=request.device, public=key.public, private_hash=_opened_by(blinds)
    ):
        if isinstance(one, Broken):
            raise HashDiffers(f"entries {one.first} to {one.last}", "are not what was packed")
        rebuilt.append(one)
    if contents.batch.lean:
        _verify(rebuilt[-1], key, f"entry {base.sequence + len(rebuilt) - 1}")
    for sequence, one in enumerate(rebuilt, base.sequence):
        what = f"entry {sequence}"
        if not contents.batch.lean:
            _verify(one, key, what)
        yield _without_private(one, what)


def _dictionary(request: ExchangeRequest, brought: bytes | None) -> Dictionary | None:
    named = dictionary_named(request.batch) if request.batch else None
    if named is None or brought is None:
        if named is not brought:
            raise Malformed("dictionary", "is missing" if brought is None else "is not named by the batch")
        return None
    return dictionary_from(brought, named=named)


def _verify(one: Rebuilt, key: VerifyingKey, what: str) -> None:
    key.verify(one.stored.signature, one.signed_bytes, what=what)


def _opened_by(blinds: Iterator[bytes]) -> Callable[[bytes, int], bytes]:
    def private_hash(private: bytes, sequence: int) -> bytes:
        blind = next(blinds, None)
        if blind is None:
            raise Malformed("blinds", f"that of entry {sequence} is missing")
        return hashlib.sha256(blind + private).digest()

    return private_hash


def _without_private(one: Rebuilt, what: str) -> Entry:
    """An entry whose private part went into the hash that its payload holds: the signature then covers it."""
    public = replace(one.stored, private=None)
    opened = understood(public, one.hash, blinding_key=None, what=what)
    if one.stored.private is not None:
        PrivatePart.from_cbor(one.stored.private, bytes_max=PART_BYTES_MAX, where=f"{what}.private")
    return opened
