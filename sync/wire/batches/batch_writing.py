"""Writes the columns of a batch: the other half of `batch_purchases` and `batch_tables`, in the same order."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from sync.wire.batches.batch_tables import Mode
from sync.wire.batches.columns import column, folded
from sync.wire.entry import PrivatePart, TimeInterval, lines_from_bytes
from sync.wire.errors import Malformed
from sync.wire.facts import Purchase
from sync.wire.kinds import Unit
from sync.wire.proof import CODE_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import EntryBytes, Payload
    from sync.wire.facts import Leg, Line

_Thing = tuple[int, int, int, int]


class _Buying(NamedTuple):
    """A household with one of its cards (0 for none), and the allowances it spends from."""

    household: int
    card: int
    allowances: tuple[int, ...]


class Sold(NamedTuple):
    """A purchase that columns may hold."""

    sequence: int
    time: TimeInterval
    boot: int
    fact: Purchase
    lines: tuple[Line, ...]
    private: PrivatePart

    @property
    def mode(self) -> Mode:
        """What seldom changes."""
        return Mode(self.time.span_s, int(self.time.grade), self.boot, self.fact.policy, self.fact.catalog)

    @property
    def who(self) -> tuple[int, int]:
        """Household and card, 0 for none."""
        assert self.private.household is not None, "a usual purchase names its household"
        return self.private.household, self.private.card or 0

    @property
    def own_beyond_rial(self) -> int:
        """The own part beyond what is not of the list."""
        return self.fact.own_rial - sum(line.total_rial for line in self.lines if not line.good)


def sold(payload: Payload, stored: EntryBytes) -> Sold | None:
    """The purchase in an entry, if its form is the usual one."""
    if not isinstance(payload.public, Purchase) or stored.lines is None or stored.private is None:
        return None
    try:
        lines = lines_from_bytes(stored.lines)
        private = PrivatePart.from_cbor(stored.private)
    except Malformed:
        return None
    one = Sold(payload.sequence, payload.time, payload.boot, payload.public, lines, private)
    return one if _is_usual(one) else None


def _is_usual(one: Sold) -> bool:
    private, fact = one.private, one.fact
    by_card = private.proof is not None and private.code is None and private.code_entry is None
    by_code = private.proof is None and private.code is not None and private.code_entry is not None
    return (
        private.household is not None and private.card != 0 and private.code_hash is None and (by_card or by_code)
        and (private.code is None or len(private.code) == CODE_DIGITS)
        and (private.code_entry is None or private.code_entry <= one.sequence)
        and fact.total_rial == sum(line.total_rial for line in one.lines) == fact.credit_rial + fact.own_rial
        and (not fact.legs or fact.credit_rial == sum(leg.amount_rial for leg in fact.legs))
    )  # fmt: skip


def steady(purchases: Iterable[Sold]) -> Iterator[Sold]:
    """Those whose allowances hold what the one before left; a void between two purchases may have given back."""
    left_rial: dict[int, int] = {}
    for one in purchases:
        after = dict(left_rial)
        for leg in one.fact.legs:
            if after.get(leg.allowance, leg.left_rial + leg.amount_rial) != leg.left_rial + leg.amount_rial:
                break
            after[leg.allowance] = leg.left_rial
        else:
            left_rial = after
            yield one


def write_purchases(purchases: Sequence[Sold], known: Dictionary) -> bytes:
    """The columns of purchases, at least one."""
    modes = list(dict.fromkeys(one.mode for one in purchases))
    things, thing_at = _things(purchases, known)
    buyers, buyer_at = _buyers(purchases, known)
    new = buyers[len(known.buyers) :]
    columns = [
        [len(modes), len(things), len(new)],
        *([mode[index] for mode in modes] for index in range(len(Mode._fields))),
        *_thing_columns(things),
        *_buyer_columns(new),
        [modes.index(one.mode) for one in purchases],
        *_running_columns(purchases),
        *_line_columns(purchases, thing_at),
        folded(list(_steps(one.own_beyond_rial for one in purchases))),
        [buyer_at[one.sequence] for one in purchases],
        *_code_columns(purchases),
        *_leg_columns(purchases, [buyers[buyer_at[one.sequence]] for one in purchases], known),
    ]
    return b"".join(map(column, columns))


def _things(purchases: Sequence[Sold], known: Dictionary) -> tuple[list[_Thing], dict[_Thing, int]]:
    """The things that are new, and where each stands."""
    at = {
        (one.gtin, one.good, int(one.unit), one.price_rial): index for index, one in enumerate(known.things)
    }
    new = sorted({_thing(line) for one in purchases for line in one.lines} - at.keys())
    return new, at | {thing: index for index, thing in enumerate(new, len(known.things))}


def _thing(line: Line) -> _Thing:
    return line.gtin, line.good, int(line.unit), line.price_rial


def _buyers(purchases: Sequence[Sold], known: Dictionary) -> tuple[list[_Buying], dict[int, int]]:
    """All buyers, and which of them bought at a sequence number."""
    wanted: dict[int, dict[int, None]] = {}
    for one in purchases:
        wanted.setdefault(one.who[0], {}).update(dict.fromkeys(leg.allowance for leg in one.fact.legs))
    buyers = [
        _Buying(one.household, one.card, tuple(granted.allowance for granted in one.allowances))
        for one in known.buyers
    ]
    at = {
        (one.household, one.card): index
        for index, one in enumerate(buyers)
        if wanted.get(one.household, {}).keys() <= set(one.allowances)
    }
    new = sorted({one.who for one in purchases} - at.keys())
    at |= {who: index for index, who in enumerate(new, len(buyers))}
    buyers += [_Buying(household, card, tuple(wanted[household])) for household, card in new]
    return buyers, {one.sequence: at[one.who] for one in purchases}


def _thing_columns(things: list[_Thing]) -> list[list[int]]:
    gtin, good, unit, price_rial = ([thing[index] for thing in things] for index in range(4))
    return [list(_steps(gtin)), good, unit, price_rial]


def _buyer_columns(buyers: list[_Buying]) -> list[list[int]]:
    firsts = [
        buyer
        for index, buyer in enumerate(buyers)
        if not index or buyers[index - 1].household != buyer.household
    ]
    return [
        list(_steps(buyer.household for buyer in buyers)),
        folded(list(_steps(buyer.card for buyer in buyers))),
        [len(buyer.allowances) for buyer in firsts],
        folded(list(_steps(number for buyer in firsts for number in buyer.allowances))),
    ]


def _running_columns(purchases: Sequence[Sold]) -> list[list[int]]:
    first = purchases[0]
    pairs = list(pairwise(purchases))
    return [
        [first.time.not_before_s, first.fact.number, first.fact.credit_so_far_rial],
        folded([after.time.not_before_s - before.time.not_before_s for before, after in pairs]),
        folded([after.fact.number - before.fact.number - 1 for before, after in pairs]),
        folded(
            [
                after.fact.credit_so_far_rial - before.fact.credit_so_far_rial - after.fact.credit_rial
                for before, after in pairs
            ]
        ),
    ]


def _line_columns(purchases: Sequence[Sold], thing_at: dict[_Thing, int]) -> list[list[int]]:
    lines = [line for one in purchases for line in one.lines]
    return [
        [len(one.lines) for one in purchases],
        [thing_at[_thing(line)] for line in lines],
        [line.quantity for line in lines if line.unit != Unit.GRAM],
        [line.quantity for line in lines if line.unit == Unit.GRAM],
    ]


def _code_columns(purchases: Sequence[Sold]) -> list[list[int]]:
    coded = [
        (int(one.private.code), one.sequence - one.private.code_entry)
        for one in purchases
        if one.private.code is not None and one.private.code_entry is not None
    ]
    return [
        [int(one.private.code is not None) for one in purchases],
        [code for code, _ in coded],
        [back for _, back in coded],
    ]


def _leg_columns(purchases: Sequence[Sold], buyers: list[_Buying], known: Dictionary) -> list[list[int]]:
    holds_rial: dict[int, int] = {}
    granted = {one.allowance: one.amount_rial for buyer in known.buyers for one in buyer.allowances}
    for leg in _legs(purchases):
        before = leg.left_rial + leg.amount_rial - granted.get(leg.allowance, 0)
        holds_rial.setdefault(leg.allowance, before)
    return [
        [len(one.fact.legs) for one in purchases],
        [
            buyer.allowances.index(leg.allowance)
            for one, buyer in zip(purchases, buyers, strict=True)
            for leg in one.fact.legs
        ],
        folded(list(holds_rial.values())),
        [leg.left_rial for one in purchases for leg in one.fact.legs[:-1]],
    ]


def _legs(purchases: Sequence[Sold]) -> Iterator[Leg]:
    return (leg for one in purchases for leg in one.fact.legs)


def _steps(values: Iterable[int]) -> Iterator[int]:
    before = 0
    for value in values:
        yield value - before
        before = value
