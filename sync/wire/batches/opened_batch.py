"""The entries of a batch, for who holds neither a blinding key nor the books of a center: blinds and dictionary are brought.

A blind opens the hash of one private part. The private part itself is checked for its form, and told to nobody.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire.batches.batch import Rebuilt, dictionary_named, read_batch, rebuild
from sync.wire.batches.batch_tables import Dictionary, dictionary_from
from sync.wire.entry import PART_BYTES_MAX, Entry, EntryBytes, Head, PrivatePart, understood
from sync.wire.errors import HashDiffers, Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    base = Head(request.base, request.base_prev)
    rebuilt = rebuild(
        contents, base, device=request.device, public=key.public, blinds=partial(_brought, blinds)
    )
    if contents.batch.lean:
        _check_whole(rebuilt)
        last = base.sequence + contents.batch.count - 1
        key.verify(contents.signatures[-1], rebuilt.signed_bytes[-1], what=f"entry {last}")
    each = zip(rebuilt.stored, rebuilt.signed_bytes, rebuilt.hashes, strict=True)
    for sequence, (stored, signed_bytes, hash_) in enumerate(each, base.sequence):
        what = f"entry {sequence}"
        if not contents.batch.lean:
            key.verify(stored.signature, signed_bytes, what=what)
        yield _without_private(stored, hash_, what)
    _check_whole(rebuilt)


def _check_whole(rebuilt: Rebuilt) -> None:
    """What lies before a broken block has been told by then, unless the batch is lean, and nothing binds it."""
    broken = rebuilt.broken
    if broken is not None:
        raise HashDiffers(f"entries {broken.first} to {broken.last}", "are not what was packed")


def _dictionary(request: ExchangeRequest, brought: bytes | None) -> Dictionary | None:
    named = dictionary_named(request.batch) if request.batch else None
    if named is None or brought is None:
        if named is not brought:
            raise Malformed("dictionary", "is missing" if brought is None else "is not named by the batch")
        return None
    return dictionary_from(brought, named=named)


def _brought(blinds: Iterator[bytes], sequences: Sequence[int]) -> list[bytes]:
    found = list(islice(blinds, len(sequences)))
    if len(found) < len(sequences):
        raise Malformed("blinds", f"that of entry {sequences[len(found)]} is missing")
    return found


def _without_private(stored: EntryBytes, hash_: bytes, what: str) -> Entry:
    """An entry whose private part went into the hash that its payload holds: the signature then covers it."""
    opened = understood(replace(stored, private=None), hash_, blinding_key=None, what=what)
    if stored.private is not None:
        PrivatePart.from_cbor(stored.private, bytes_max=PART_BYTES_MAX, where=f"{what}.private")
    return opened
