"""Checks the signatures of a batch in a worker process: beside a busy thread they would fall to a fraction of their speed.

What is checked here needs no store: deterministic bytes, hashes, signatures. A batch that cannot be read at all comes to
nothing; an entry that does not hold is named in its place, and those after it are still looked at. In a lean batch the last
entry's signature binds all before it; where that fails, or the bytes came out otherwise than they were packed, the entries
are asked for verbatim, each with its own signature.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cose
from sync.wire.batches.batch import Broken, Rebuilt, read_batch, rebuild, size_of
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT, Entry, EntryBytes, Head, blinded_hasher, opened, understood
from sync.wire.errors import HashDiffers, Malformed, NotAuthentic, WireError
from sync.wire.exchange import Span
from sync.wire.kinds import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.wire.batches.batch_tables import Dictionary


class Checked(Struct, frozen=True, dict=True):
    """An entry of a batch. Where it does not hold, `verdict` and `reason` say why. The signature in `stored` is empty where
    another one binds the entry and its own did not travel. Bytes alone go from process to process: a value for each line and
    leg would cost more on the way than it costs to read them again, and of a duplicate nobody reads them.
    """

    stored: EntryBytes
    hash: bytes
    verdict: Verdict = Verdict.ACCEPTED
    reason: str = ""

    @cached_property
    def entry(self) -> Entry | None:
        """What it says; None where it does not hold."""
        return opened(self.stored, self.hash) if self.verdict == Verdict.ACCEPTED else None


class Examined(Struct, frozen=True, gc=False):
    """Entries in order, as far as they are proven, and which must be sent verbatim before more can be said."""

    checked: list[Checked]
    verbatim: Span | None = None


class Unreadable(Struct, frozen=True):
    """A batch that breaks the format as a whole. A value, for errors of the wire do not travel between processes."""

    why: str


def check_batch(
    batch: bytes,
    base: Head,
    *,
    device: int,
    public: bytes,
    blinding_key: bytes,
    dictionary: Dictionary | None = None,
) -> Examined | Unreadable:
    """Every entry of a batch, in order."""
    try:
        contents = read_batch(batch, first=base.sequence, known=dictionary)
    except HashDiffers:
        return Examined([], Span(first=base.sequence, last=base.sequence + size_of(batch) - 1))
    except Malformed as error:
        return Unreadable(str(error))
    rebuilt: list[Rebuilt] = []
    verbatim = None
    for one in rebuild(
        contents, base, device=device, public=public, private_hash=blinded_hasher(blinding_key)
    ):
        if isinstance(one, Broken):
            verbatim = Span(first=one.first, last=one.last)
        else:
            rebuilt.append(one)
    key = VerifyingKey(public)
    if not contents.batch.lean:
        return Examined(_each(rebuilt, base.sequence, key, blinding_key), verbatim)
    if verbatim is None and not _holds(rebuilt[-1], key):
        verbatim = Span(first=base.sequence, last=base.sequence + len(rebuilt) - 1)
    if verbatim is not None:
        return Examined([], verbatim)
    return Examined(
        [_checked(one, sequence, blinding_key) for sequence, one in enumerate(rebuilt, base.sequence)]
    )


def check_entry(stored: EntryBytes, sequence: int, *, key: VerifyingKey, blinding_key: bytes) -> Checked:
    """One entry as it is stored; without its own signature what it says is taken as bound by one behind it."""
    signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
    one = Rebuilt(stored, signed_bytes, hashlib.sha256(signed_bytes).digest(), in_columns=False)
    if stored.signature and not _holds(one, key):
        return _bad_signature(one, sequence)
    return _checked(one, sequence, blinding_key)


def check_signatures(
    entries: Iterable[tuple[int, bytes]], signatures: Iterable[bytes], *, public: bytes
) -> list[int]:
    """Of entries that are held, number and payload, those whose own signature does not hold. They stay what they are: an
    observation, not an undoing.
    """
    key = VerifyingKey(public)
    failed = []
    for (sequence, payload), signature in zip(entries, signatures, strict=True):
        try:
            key.verify(
                signature,
                cose.to_be_signed(payload, public=public, context=CONTEXT),
                what=f"entry {sequence}",
            )
        except NotAuthentic:
            failed.append(sequence)
    return failed


def _each(rebuilt: list[Rebuilt], first: int, key: VerifyingKey, blinding_key: bytes) -> list[Checked]:
    """Signature first, for a signed entry that nobody understands still has its place. All were rebuilt before: step by step
    for each is slower, as every signature check drives the interpreter out of the processor's caches.
    """
    signed = [_holds(one, key) for one in rebuilt]
    return [
        _checked(one, sequence, blinding_key) if holds else _bad_signature(one, sequence)
        for sequence, (one, holds) in enumerate(zip(rebuilt, signed, strict=True), first)
    ]  # fmt: skip


def _holds(one: Rebuilt, key: VerifyingKey) -> bool:
    try:
        key.verify(one.stored.signature, one.signed_bytes, what="entry")
    except NotAuthentic:
        return False
    return True


def _bad_signature(one: Rebuilt, sequence: int) -> Checked:
    why = f"entry {sequence}: the signature does not hold"
    return Checked(one.stored, one.hash, Verdict.BAD_SIGNATURE, why)


def _checked(one: Rebuilt, sequence: int, blinding_key: bytes) -> Checked:
    if not one.in_columns:
        try:
            understood(one.stored, one.hash, blinding_key=blinding_key, what=f"entry {sequence}")
        except WireError as error:
            return Checked(one.stored, one.hash, Verdict.MALFORMED, str(error))
    return Checked(one.stored, one.hash)
