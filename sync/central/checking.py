"""Checks the signatures of a batch in a worker process: beside a busy thread they would fall to a fraction of their speed.

What is checked here needs no store: deterministic bytes, hashes, signatures. A batch that cannot be read at all comes to
nothing; an entry that does not hold is named in its place, and those after it are still looked at.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from sync.wire import cose
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT, Entry, EntryBytes, Head, reopen
from sync.wire.errors import NotAuthentic, WireError
from sync.wire.exchange import open_batch, unpack_batch
from sync.wire.kinds import Verdict


class Checked(Struct, frozen=True, gc=False):
    """An entry of a batch. `entry` is None where it does not hold, and `verdict` and `reason` say why."""

    stored: EntryBytes
    hash: bytes
    entry: Entry | None
    verdict: Verdict = Verdict.ACCEPTED
    reason: str = ""


class Unreadable(Struct, frozen=True):
    """A batch that breaks the format as a whole. A value, for errors of the wire do not travel between processes."""

    why: str


def check_batch(
    batch: bytes, base: Head, *, device: int, public: bytes, blinding_key: bytes
) -> list[Checked] | Unreadable:
    """Every entry of a batch, in order."""
    key = VerifyingKey(public)
    try:
        entries = open_batch(batch, base, device=device, key=key, blinding_key=blinding_key)
        return [Checked(entry.stored, entry.hash, entry) for entry in entries]
    except WireError:
        pass
    try:
        rebuilt = list(unpack_batch(batch, base, device=device, key=key, blinding_key=blinding_key))
    except WireError as error:
        return Unreadable(str(error))
    return [
        check_entry(stored, base.sequence + index, key=key, blinding_key=blinding_key)
        for index, stored in enumerate(rebuilt)
    ]


def check_entry(stored: EntryBytes, sequence: int, *, key: VerifyingKey, blinding_key: bytes) -> Checked:
    """One entry: signature first, for a signed entry that nobody understands still has its place."""
    signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
    hash_, what = hashlib.sha256(signed_bytes).digest(), f"entry {sequence}"
    try:
        key.verify(stored.signature, signed_bytes, what=what)
    except NotAuthentic as error:
        return Checked(stored, hash_, None, Verdict.BAD_SIGNATURE, str(error))
    try:
        return Checked(stored, hash_, reopen(stored, key=key, blinding_key=blinding_key, what=what))
    except WireError as error:
        return Checked(stored, hash_, None, Verdict.MALFORMED, str(error))
