"""The story's own books against the appliance's rules: two ways to the same split."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.authorizer import Approval, Ask, Surroundings, authorize
from firmware.basket import read_label
from firmware.demo import shelf
from firmware.demo.books import Books, Receipt
from firmware.demo.calendar import moment_s
from firmware.demo.shelf import Goods
from firmware.demo.village import LOW, SUPPORTED, village
from firmware.entitlements import Account, AllowanceState, Use
from sync.wire.entry import TimeInterval
from sync.wire.kinds import Grade, Leftover
from sync.wire.policy import Limits, Policy

DAY_S = moment_s("14041017", 9)
PEOPLE = village(30)
FAMILY = PEOPLE.of(SUPPORTED, 3)
NOBODY_MINDS = 10**13
POLICY = Policy(
    version=2, phase="dey", title="dey", valid_from_s=0, goods=(), cohorts=(), tranches=(),
    leftover=Leftover.CARRIES_OVER, minimum_own_rial=50_000, cash_step_rial=5_000,
    limits=Limits(
        purchase_credit_rial=NOBODY_MINDS, household_purchases=99, household_credit_rial=NOBODY_MINDS,
        device_purchases=99, device_credit_rial=NOBODY_MINDS, stated_purchase_credit_rial=NOBODY_MINDS,
        policy_age_s=NOBODY_MINDS, pin_tries=3, operator_pin_tries=5,
    ),
    stated_time_opens=True, usual_shop_percent=80, present_within_s=1, second_deadline_s=1, contacts=(),
)  # fmt: skip
GOODS = st.builds(
    Goods,
    price_toman=st.integers(1, 900_000),
    quantity=st.integers(1, 5),
    listed=st.booleans(),
    barcode=st.just("1"),
)


@settings(max_examples=150, deadline=None)
@given(goods=st.lists(GOODS, min_size=1, max_size=6), cap_toman=st.none() | st.integers(1, 900_000))
def test_the_books_split_as_the_authorizer_does(goods: list[Goods], cap_toman: int | None) -> None:
    split = Books(PEOPLE).split(FAMILY, tuple(goods), DAY_S, cap_toman=cap_toman)
    approved = authorize(_ask(goods, cap_toman), _account(), _around())
    if isinstance(approved, Approval):
        assert (split.credit_rial, split.own_rial) == (approved.credit_rial, approved.own_rial)
    else:
        assert split.credit_rial == 0


def test_nothing_is_open_before_its_day() -> None:
    assert Books(PEOPLE).available(PEOPLE.of(LOW, 1), DAY_S) == {}


def test_an_announcement_opens_for_all() -> None:
    books = Books(PEOPLE)
    books.announced.add(2)
    assert books.available(PEOPLE.of(LOW, 1), DAY_S) == {2: PEOPLE.of(LOW, 1).members * 8_000_000}


def test_a_void_leaves_the_books_as_they_were() -> None:
    books, goods = Books(PEOPLE), (shelf.OIL, shelf.SOAP)
    before = dict(books.left_rial)
    receipt = Receipt("1-1", FAMILY, goods, books.split(FAMILY, goods, DAY_S))
    books.bought(receipt)
    assert books.left_rial != before
    books.voided(receipt)
    assert books.left_rial == before
    assert (books.whole.net_credit_rial, books.whole.drawer_rial) == (0, 0)


def test_a_refund_fills_the_youngest_tranche_first() -> None:
    books = Books(PEOPLE)
    books.announced.add(2)
    goods = (shelf.RICE_10_KG,)
    receipt = Receipt("1-1", FAMILY, goods, books.split(FAMILY, goods, DAY_S))
    books.bought(receipt)
    assert books.left_rial[FAMILY.number, 1] == 0
    second_rial = books.left_rial[FAMILY.number, 2]
    books.refunded(receipt, credit_rial=1_000_000, own_rial=0)
    assert books.left_rial[FAMILY.number, 1] == 0
    assert books.left_rial[FAMILY.number, 2] == second_rial + 1_000_000


def test_the_scale_label_is_read_by_the_shops_template() -> None:
    bag = shelf.CHICKEN.label(1_850)
    label = read_label(shelf.LABEL_TEMPLATE, bag.barcode)
    assert label is not None
    assert (label.plu, label.grams) == (4, 1_850)
    assert bag.total_rial == 3_052_500


def test_half_a_rial_rounds_up() -> None:
    assert Goods(price_toman=100, quantity=1_500, weighed=True).total_rial == 1_500
    assert shelf.Loose(1, 1).kilograms("0.05").total_rial == 1
    assert shelf.Loose(1, 1).kilograms("0.049").total_rial == 0


def _ask(goods: list[Goods], cap_toman: int | None) -> Ask:
    return Ask(
        sum(one.total_rial for one in goods), sum(one.total_rial for one in goods if one.listed),
        None if cap_toman is None else cap_toman * 10,
    )  # fmt: skip


def _account() -> Account:
    allowance = AllowanceState(1, 1, FAMILY.members * 8_000_000, DAY_S - 3600, False, DAY_S * 2, DAY_S * 3)
    return Account(FAMILY.number, SUPPORTED, (allowance,), 0, Use(0, 0))


def _around() -> Surroundings:
    now = TimeInterval(not_before_s=DAY_S, span_s=1, grade=Grade.TRUSTED)
    return Surroundings(POLICY, 1, now, Use(0, 0), DAY_S)
