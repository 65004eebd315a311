"""Policies and product lists in mail: whole, or as what changed since one that the device holds.

What changed is told in steps: a piece of the earlier document's payload, then new bytes. The device puts the payload together and
has the whole signed message again, whose own signature decides; so it does not matter who found the changes, or how.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from functools import lru_cache

from sync.wire import cbor, cose
from sync.wire.errors import HashDiffers, Malformed
from sync.wire.mail import MAIL_BYTES_MAX, STEPS_MAX, SignedDocument, Step

WINDOW = 16
"""Bytes that must be alike before a piece is worth a step."""
PLACES_MAX = 1 << 16
"""Of an earlier document that are remembered, so that the largest list costs no more memory than this."""


def whole_message(body: SignedDocument, earlier: bytes | None, *, where: str = "document") -> bytes:
    """The signed message that `body` brings, where `earlier` is the message that was there before. Nothing is verified yet.

    Raises: Malformed, HashDiffers.
    """
    if (body.base is None) != (body.changes is None):
        raise Malformed(where, "changes without what they change")
    if body.changes is None:
        return body.message
    base = b"" if earlier is None else cose.parse(earlier, what=where).payload
    if hashlib.sha256(base).digest() != body.base:
        raise HashDiffers(where, "changes another document than the one that is here")
    unverified = cose.parse(body.message, what=where)
    if unverified.payload:
        raise Malformed(where, "changes beside a payload")
    payload = _patched(base, body.changes, where)
    return cbor.encode([unverified.protected, {}, payload, unverified.signature])


def _patched(base: bytes, changes: tuple[Step, ...], where: str) -> bytes:
    size = sum(step.size + len(step.more) for step in changes)
    if size > MAIL_BYTES_MAX:
        raise Malformed(where, f"more than the {MAIL_BYTES_MAX} bytes allowed")
    if any(step.start + step.size > len(base) for step in changes):
        raise Malformed(where, "takes more than there is")
    return b"".join(base[step.start : step.start + step.size] + step.more for step in changes)


@lru_cache(maxsize=8)
def changed_document(message: bytes, earlier: bytes) -> SignedDocument:
    """`message` as what changed since `earlier`, or whole where that is no longer."""
    unverified, base = cose.parse(message, what="document"), cose.parse(earlier, what="document").payload
    steps = _steps(base, unverified.payload)
    whole = SignedDocument(message=message)
    if len(steps) > STEPS_MAX:
        return whole
    changed = SignedDocument(
        message=cbor.encode([unverified.protected, {}, b"", unverified.signature]),
        base=hashlib.sha256(base).digest(),
        changes=tuple(steps),
    )
    return changed if len(changed.to_cbor()) < len(whole.to_cbor()) else whole


def _steps(base: bytes, new: bytes) -> list[Step]:
    """Pieces of `base` that go on as `new` does, each the next behind the one before where there are several, as far as they do;
    between them new bytes.
    """
    stride = 1 + len(base) // PLACES_MAX
    places: dict[bytes, list[int]] = {}
    for at in range(0, len(base) - WINDOW + 1, stride):
        places.setdefault(base[at : at + WINDOW], []).append(at)
    steps: list[Step] = []
    at = told = start = size = 0
    while at <= len(new) - WINDOW:
        found = places.get(new[at : at + WINDOW])
        if found is None:
            at += 1
            continue
        steps.append(Step(start=start, size=size, more=new[told:at]))
        start = found[min(bisect_left(found, start + size), len(found) - 1)]
        size = _alike(base, start, new, at)
        at = told = at + size
    return [*steps, Step(start=start, size=size, more=new[told:])]


def _alike(base: bytes, at: int, new: bytes, beside: int) -> int:
    size, most = WINDOW, min(len(base) - at, len(new) - beside)
    while size < most and base[at + size] == new[beside + size]:
        size += 1
    return size
