"""Checks the signatures of a batch in a worker process: beside a busy thread they would fall to a fraction of their speed.

What is checked here needs no store: deterministic bytes, hashes, signatures. A batch that cannot be read at all comes to
nothing; an entry that does not hold is named in its place, and those after it are still looked at. In a lean batch the last
entry's signature binds all before it; where that fails, or the bytes came out otherwise than they were packed, the entries
are asked for verbatim, each with its own signature.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cose
from sync.wire.batches.batch import Rebuilt, read_batch, rebuild, size_of
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT, Entry, EntryBytes, Head, blinds, opened, understood
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
    rebuilt = rebuild(
        contents, base, device=device, public=public, blinds=partial(blinds, blinding_key=blinding_key)
    )
    checked = [Checked(*one) for one in zip(rebuilt.stored, rebuilt.hashes, strict=True)]
    broken, failed = rebuilt.broken, _failed(rebuilt, VerifyingKey(public))
    verbatim = None if broken is None else Span(first=broken.first, last=broken.last)
    if contents.batch.lean and failed:
        verbatim = Span(first=base.sequence, last=base.sequence + len(checked) - 1)
    if contents.batch.lean and verbatim is not None:
        return Examined([], verbatim)
    # Signature first, for a signed entry that nobody understands still has its place.
    for index in failed:
        checked[index] = _bad_signature(checked[index], base.sequence + index)
    for index, in_columns in enumerate(contents.in_columns[: len(checked)]):
        if not in_columns and index not in failed:
            checked[index] = _understood(checked[index], base.sequence + index, blinding_key)
    return Examined(checked, verbatim)


def check_entry(stored: EntryBytes, sequence: int, *, key: VerifyingKey, blinding_key: bytes) -> Checked:
    """One entry as it is stored; without its own signature what it says is taken as bound by one behind it."""
    signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
    one = Checked(stored, hashlib.sha256(signed_bytes).digest())
    if _failed(Rebuilt([stored], [signed_bytes], [one.hash]), key):
        return _bad_signature(one, sequence)
    return _understood(one, sequence, blinding_key)


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


def _failed(rebuilt: Rebuilt, key: VerifyingKey) -> set[int]:
    """Which of the signatures that travelled do not hold, by their entries' place. All was rebuilt before, and the loop does
    nothing else: every check drives the interpreter out of the processor's caches, and each step between two is slow.
    """
    each = zip(rebuilt.stored, rebuilt.signed_bytes, strict=True)
    signed = [(one.signature, message) for one, message in each if one.signature]
    failed = []
    for signature, message in signed:
        try:
            key.verify(signature, message, what="entry")
        except NotAuthentic:
            failed.append(message)
    return {rebuilt.signed_bytes.index(message) for message in failed}


def _bad_signature(one: Checked, sequence: int) -> Checked:
    why = f"entry {sequence}: the signature does not hold"
    return Checked(one.stored, one.hash, Verdict.BAD_SIGNATURE, why)


def _understood(one: Checked, sequence: int, blinding_key: bytes) -> Checked:
    """An entry that travelled as it was written: nobody has read its bytes yet."""
    try:
        understood(one.stored, one.hash, blinding_key=blinding_key, what=f"entry {sequence}")
    except WireError as error:
        return Checked(one.stored, one.hash, Verdict.MALFORMED, str(error))
    return one
