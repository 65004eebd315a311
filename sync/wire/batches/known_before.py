"""The dictionary of a batch, as device and center each make it from the chain before it (FORMAT.md, section 11).

Nothing is agreed upon, told or kept for it: a center that can place a batch holds every entry before it, byte for byte, and
those entries never change. So a restored center, mail that was not taken up, a stick or a batch sent twice cannot make the two
differ; where they do all the same (a hole), the name shows it. Told are the things sold and the buyers seen last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.wire.batches.batch_tables import Buyer, Dictionary, Granted, Thing
from sync.wire.entry import Payload, PrivatePart, lines_from_bytes
from sync.wire.errors import Malformed
from sync.wire.facts import LEGS_MAX, Line, Purchase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from sync.wire.entry import EntryBytes
    from sync.wire.facts import Leg

    _K = TypeVar("_K")
    _V = TypeVar("_V")

STEP_ENTRIES = 64
"""So many batches of one entry share a dictionary."""
LOOKED_AT_ENTRIES = 256
"""More make it better by little, and cost each side the reading."""
THINGS_MOST = BUYERS_MOST = 224
"""With what is new in a small batch an index is a byte."""
ALLOWANCES_MOST = LEGS_MAX


def entries_before(base: int) -> range:
    """The sequence numbers of the entries that tell the dictionary of a batch from `base` on; empty where there is none."""
    end = base - base % STEP_ENTRIES
    return range(max(0, end - LOOKED_AT_ENTRIES), end)


class _Bought(NamedTuple):
    household: int
    card: int
    lines: tuple[Line, ...]
    legs: tuple[Leg, ...]


def known_from(entries: Iterable[EntryBytes]) -> Dictionary | None:
    """What these entries, in their order, make known; None where nobody bought. What cannot be read tells nothing."""
    things: dict[tuple[int, int, int, int], Thing] = {}
    buyers: dict[tuple[int, int], None] = {}
    left_rial: dict[int, dict[int, int]] = {}
    for one in filter(None, map(_bought, entries)):
        for line in one.lines:
            thing = Thing(gtin=line.gtin, good=line.good, unit=line.unit, price_rial=line.price_rial)
            _put_last(things, (line.gtin, line.good, int(line.unit), line.price_rial), thing)
        _put_last(buyers, (one.household, one.card), None)
        for leg in one.legs:
            _put_last(left_rial.setdefault(one.household, {}), leg.allowance, leg.left_rial)
    if not buyers:
        return None
    return Dictionary(
        tuple(thing for _, thing in sorted(list(things.items())[-THINGS_MOST:])),
        tuple(
            Buyer(household=household, card=card, allowances=_granted(left_rial.get(household, {})))
            for household, card in sorted(list(buyers)[-BUYERS_MOST:])
        ),
    )


def _bought(stored: EntryBytes) -> _Bought | None:
    if stored.lines is None or stored.private is None:
        return None
    try:
        fact = Payload.from_cbor(stored.payload).public
        private = PrivatePart.from_cbor(stored.private)
        if not isinstance(fact, Purchase) or private.household is None:
            return None
        return _Bought(private.household, private.card or 0, lines_from_bytes(stored.lines), fact.legs)
    except Malformed:
        return None


def _granted(left_rial: dict[int, int]) -> tuple[Granted, ...]:
    return tuple(
        Granted(allowance=allowance, amount_rial=left)
        for allowance, left in sorted(list(left_rial.items())[-ALLOWANCES_MOST:])
    )


def _put_last(known: dict[_K, _V], key: _K, value: _V) -> None:
    """The newest stands last."""
    known.pop(key, None)
    known[key] = value
