"""The dictionary of a batch follows from the chain before it alone, and is bounded whatever stands there."""

from __future__ import annotations

from itertools import count

import pytest
from msgspec.structs import replace

from sync.wire.batches.batch import dictionary_named, pack_batch
from sync.wire.batches.batch_tables import Buyer, Dictionary, Granted, Thing, dictionary_from
from sync.wire.batches.known_before import (
    ALLOWANCES_MOST,
    BUYERS_MOST,
    LOOKED_AT_ENTRIES,
    STEP_ENTRIES,
    THINGS_MOST,
    entries_before,
    known_from,
)
from sync.wire.entry import Draft, Entry, EntryBytes, Head, PrivatePart, TimeInterval, pack_lines, seal
from sync.wire.facts import Leg, Line, Purchase
from sync.wire.kinds import Grade, Unit
from tests.vectors.batch_parts import MARKET
from tests.vectors.samples import BLINDING_KEY, DEVICE, DEVICE_KEY, FIRST_HEAD, JOURNAL


def piece(gtin: int, price_rial: int = 1000) -> Line:
    return Line(good=1, gtin=gtin, unit=Unit.PIECE, price_rial=price_rial, quantity=1)


def sold(
    *lines: Line, household: int | None = 517, card: int | None = None, legs: tuple[tuple[int, int], ...] = ()
) -> EntryBytes:
    """A purchase; each leg is an allowance and what it leaves."""
    fact = Purchase(
        number=1, policy=2, catalog=1, total_rial=1000, credit_rial=1000, own_rial=0, credit_so_far_rial=1000,
        legs=tuple(Leg(allowance=allowance, amount_rial=1, left_rial=left) for allowance, left in legs),
    )  # fmt: skip
    time = TimeInterval(not_before_s=1_767_850_680, span_s=4, grade=Grade.TRUSTED)
    private = PrivatePart(household=household, card=card, proof=bytes(8))
    draft = Draft(fact, time, 1, pack_lines(lines or (piece(1),)), private)
    return sealed(draft).stored


def sealed(draft: Draft, head: Head = FIRST_HEAD) -> Entry:
    return seal(draft, head, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)


def known(*entries: EntryBytes) -> Dictionary:
    made = known_from(entries)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("base", "first", "end"),
    [
        (0, 0, 0), (STEP_ENTRIES - 1, 0, 0), (STEP_ENTRIES, 0, 64), (STEP_ENTRIES + 1, 0, 64), (LOOKED_AT_ENTRIES, 0, 256),
        (LOOKED_AT_ENTRIES + 63, 0, 256), (LOOKED_AT_ENTRIES + 64, 64, 320), (1_000_000, 999_744, 1_000_000),
    ],
)  # fmt: skip
def test_batches_of_one_step_look_at_the_same_entries(base: int, first: int, end: int) -> None:
    assert entries_before(base) == range(first, end)


def test_it_says_what_was_sold_and_who_bought_and_what_they_had_left() -> None:
    made = known(
        sold(piece(8, 900), piece(7), household=600, card=3, legs=((12, 500), (11, 70))),
        sold(piece(7), piece(7, 1001), household=517, legs=()),
        sold(piece(8, 900), household=600, card=2, legs=((12, 400),)),
    )
    assert made == Dictionary(
        tuple(
            Thing(gtin=gtin, good=1, unit=Unit.PIECE, price_rial=price)
            for gtin, price in ((7, 1000), (7, 1001), (8, 900))
        ),
        (
            Buyer(household=517, card=0, allowances=()),
            *(
                Buyer(household=600, card=card, allowances=tuple(
                    Granted(allowance=allowance, amount_rial=left) for allowance, left in ((11, 70), (12, 400))
                )) for card in (2, 3)
            ),
        ),
    )  # fmt: skip
    assert dictionary_from(made.data, named=made.hash) == made


def test_what_is_no_purchase_or_cannot_be_read_tells_nothing() -> None:
    good = sold()
    wrong = [
        replace(good, lines=None), replace(good, private=None), replace(good, payload=good.payload[:-1]),
        replace(good, lines=b"\x80\x00"), replace(good, private=b"\xff"), sold(household=None),
        *(each.stored for each in JOURNAL if not isinstance(each.fact, Purchase)),
    ]  # fmt: skip
    assert known_from(wrong) is None
    assert known_from([]) is None
    assert known(*wrong, good, *wrong) == known(good)


def test_of_too_many_the_last_remain() -> None:
    things = known(
        *(sold(piece(gtin)) for gtin in (*range(THINGS_MOST + 1), 0, 2))
    ).things  # 1 is the one that was sold longest ago
    assert [one.gtin for one in things] == [0, *range(2, THINGS_MOST + 1)]
    buyers = known(*(sold(household=number) for number in (*range(1, BUYERS_MOST + 2), 1))).buyers
    assert [one.household for one in buyers] == [1, *range(3, BUYERS_MOST + 2)]
    spent = known(
        *(sold(legs=((number, 9),)) for number in (*range(1, ALLOWANCES_MOST + 2), 1))
    ).buyers[0]  # fmt: skip
    assert [one.allowance for one in spent.allowances] == [1, *range(3, ALLOWANCES_MOST + 2)]


def test_the_most_that_can_be_known_can_be_read() -> None:
    numbers = count(2**52)
    entries = [
        sold(
            piece(10**14 - 1 - number, 10**14 - number), household=2**52 + number, card=2**53 - 1 - number,
            legs=tuple((next(numbers), 10**14 - number) for _ in range(ALLOWANCES_MOST)),
        )
        for number in range(LOOKED_AT_ENTRIES)
    ]  # fmt: skip
    made = known(*entries)
    assert len(made.buyers) == BUYERS_MOST
    assert dictionary_from(made.data, named=made.hash) == made


def test_the_second_batch_of_a_day_is_smaller_for_the_first() -> None:
    stored = [each.stored for each in MARKET]
    made = known(*stored[:30])
    plain, short = pack_batch(stored[30:]), pack_batch(stored[30:], dictionary=made)
    assert dictionary_named(short) == made.hash
    assert len(short) < len(plain) - 32
