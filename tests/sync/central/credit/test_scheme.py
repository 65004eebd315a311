"""Policies and product lists: read, signed, switched as a whole, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.credit.policy_file import read_policy
from sync.central.dates import day_start_s
from sync.central.errors import Conflict, Refused, WrongInput
from sync.wire import catalog, cose, policy
from sync.wire.document import whole_message
from sync.wire.kinds import Leftover, MailKind, Role, Unit
from sync.wire.mail import SignedDocument
from sync.wire.numbers import has_check_digit
from tests.sync.central.conftest import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab

TIR = (POLICIES / "tir-1404.toml").read_text()
DEY = (POLICIES / "dey-1404.toml").read_text()
CATALOG = (POLICIES / "catalog-1404.csv").read_text()


def test_the_phase_of_dey_is_as_the_source_says() -> None:
    dey = read_policy(DEY, file="dey", version=2)
    opens = {t.cohort: t.opens_at_s for t in dey.tranches if t.number == 1}
    assert opens == {
        1: 1_767_731_400,  # Wed 2026-01-07
        2: day_start_s("1404-10-19", where=""),
        3: day_start_s("1404-10-22", where=""),
        4: day_start_s("1404-10-28", where=""),
    }
    assert {t.number for t in dey.tranches if t.opens_at_s is None} == {2, 3, 4}
    assert {t.per_person_rial for t in dey.tranches} == {10_000_000}
    assert dey.leftover is Leftover.CARRIES_OVER
    assert dey.minimum_own_rial == 50_000
    assert [good.number for good in dey.goods] == list(range(1, 12))
    assert dey.goods[4].units == (Unit.PIECE, Unit.TRAY, Unit.GRAM)


@pytest.mark.parametrize(
    ("decile", "supported", "cohort"),
    [
        (1, True, 1),
        (3, True, 1),
        (3, False, 2),
        (4, False, 3),
        (4, True, 3),
        (7, False, 3),
        (8, False, 4),
        (10, True, 4),
    ],
)
def test_every_household_falls_into_one_cohort(decile: int, supported: bool, cohort: int) -> None:
    found = read_policy(DEY, file="dey", version=2).cohort_of(decile=decile, supported=supported)
    assert found is not None
    assert found.number == cohort


def test_the_phase_of_tir_is_as_the_source_says() -> None:
    tir = read_policy(TIR, file="tir", version=1)
    assert [(t.cohort, t.per_person_rial, t.opens_at_s) for t in tir.tranches] == [
        (1, 5_000_000, day_start_s("1404-04-07", where="")),
        (2, 3_500_000, day_start_s("1404-04-30", where="")),
    ]
    assert {t.authorize_until_s for t in tir.tranches} == {day_start_s("1404-05-07", where="") - 1}
    assert tir.leftover is Leftover.EXPIRES
    assert tir.cohort_of(decile=8, supported=False) is None


MORE_GOODS = "".join(
    f'[[goods]]\nnumber = {number}\ngroup = 1\nname = "x"\nunits = ["piece"]\nlow_toman = 1\nhigh_toman = 2\n'
    for number in range(12, 66)
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('phase = "dey-1404"', "", "dey: phase: is missing"),
        ('phase = "dey-1404"', 'phase = ""', "dey: phase: is not a text of 1 to 40 characters"),
        (
            "minimum_own_toman = 5_000",
            "minimum_own_toman = -5",
            "dey: minimum_own_toman: is not a whole number from 0",
        ),
        ("minimum_own_toman = 5_000", "minimum_own_rial = 5", "minimum_own_toman: is missing"),
        (
            "cash_step_toman = 500",
            "cash_step_toman = 0",
            "dey: cash_step_toman: is not a whole number from 1",
        ),
        ("pin_tries = 3", "pin_tries = 3.5", "dey: limits: pin_tries: is not a whole number"),
        ("pin_tries = 3", "pin_tries = 3\nfoo = 1", "dey: limits: foo: is not a key of a policy"),
        ("stated_time_opens = true", "stated_time_opens = 1", "dey: stated_time_opens: is not true or false"),
        (
            'leftover = "carries_over"',
            'leftover = "stays"',
            "dey: leftover: is not one of expires, carries_over",
        ),
        (
            'valid_from = "1404-10-17"',
            'valid_from = "2026-01-07"',
            "is not a Solar Hijri date such as 1404-10-17",
        ),
        (
            'valid_from = "1404-10-17"',
            'valid_from = "1404-12-30"',
            "is not a day of the Solar Hijri calendar",
        ),
        ("low_toman = 15_000", "low_toman = 150_001", "dey: goods[1]: low_toman: is more than high_toman"),
        ('units = ["piece"]', 'units = ["liter"]', "dey: goods[1]: units: is not one of piece, gram, tray"),
        ('units = ["piece"]', "units = []", "dey: goods[1]: units: is not an array with something in it"),
        ("number = 2\ngroup = 1", "number = 1\ngroup = 1", "dey: goods.number: 1 stands twice"),
        ("decile_from = 1", "decile_from = 9", "dey: cohorts[1]: decile_from: is more than decile_to"),
        ('until = "1405-02-01"', 'until = "1404-10-17"', "dey: tranches[1]: until: is not after opens"),
        ("cohorts = [2]", "cohorts = [9]", "dey: tranches.cohorts: there is no cohort 9"),
        ("cohorts = [2]", "cohorts = [1]", "dey: tranches.number with cohort: (1, 1) stands twice"),
        ("[limits]", "[[limits]]", "dey: limits: is not a table"),
        ("[[goods]]", "[[goods", "dey: is not TOML"),
        ("[[goods]]", f"a = {'[' * 5000}\n[[goods]]", "dey: is nested too deeply"),
        ('units = ["piece"]', 'units = ["piece", "piece"]', "dey: goods[1]: units: has one twice"),
        (
            "cash_step_toman = 500",
            "cash_step_toman = 100_001",
            "cash_step_toman: is not a whole number from 1 to",
        ),
        (
            "contacts = [",
            'contacts = ["x", "x", "x", "x", "x", "x", "x", "x", ',
            "dey: contacts: has more than 8 texts",
        ),
        ("[[cohorts]]", f"{MORE_GOODS}[[cohorts]]", "dey: goods: are 65, more than 64"),
        ('phase = "dey-1404"', 'phase = "dey-1404"\ncontact = 1', "dey: contact: is not a key of a policy"),
    ],
)
def test_a_wrong_document_names_file_key_and_reason(old: str, new: str, said: str) -> None:
    assert old in DEY
    with pytest.raises(WrongInput) as refused:
        read_policy(DEY.replace(old, new, 1), file="dey", version=1)
    assert said in str(refused.value)


def test_an_array_of_something_else_than_tables_is_refused() -> None:
    with pytest.raises(WrongInput, match=r"dey: goods\[1\]: is not a table"):
        read_policy(DEY.partition("[limits]")[0] + "goods = [1]\n[limits]" + limits(), file="dey", version=1)


def limits() -> str:
    return DEY.partition("[limits]")[2].partition("[[goods]]")[0].partition("# Group")[0]


def test_a_policy_is_signed_numbered_and_mailed(lab: Lab, tmp_path: Path) -> None:
    changed = tmp_path / "dey.toml"
    changed.write_text(DEY.replace("usual_shop_percent = 80", "usual_shop_percent = 60"))
    assert lab.order("policy load", file=changed).data == {"version": 3, "phase": "dey-1404"}
    lab.exchange()
    message = None
    for body in lab.device.bodies(MailKind.POLICY):  # each as what changed since the one before
        assert isinstance(body, SignedDocument)
        message = whole_message(body, message)
    assert message is not None
    payload = lab.center.keys.trusted.verify(message, Role.POLICY, context=policy.CONTEXT, what="policy")
    assert policy.Policy.from_cbor(payload).usual_shop_percent == 60
    assert [row["version"] for row in lab.order("policy list").data["policies"]] == [1, 2, 3]


def test_a_rollback_brings_the_policy_before_back_once_as_a_new_version(lab: Lab) -> None:
    assert lab.order("policy rollback").data == {"version": 3, "phase": "tir-1404"}
    with pytest.raises(Refused, match="one step"):
        lab.order("policy rollback")
    assert lab.order("policy load", file=POLICIES / "dey-1404.toml").data["version"] == 4
    assert "rolled back" in lab.order("policy list").lines[1]


def test_a_tranche_s_number_belongs_to_one_phase(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(DEY.replace('phase = "dey-1404"', 'phase = "farvardin-1405"'))
    with pytest.raises(WrongInput, match=r"x\.toml: tranches\.number: 1 belongs to the phase dey-1404"):
        lab.order("policy load", file=tmp_path / "x.toml")


def test_each_locked_tranche_has_one_code_with_a_check_digit(lab: Lab) -> None:
    rows = lab.sql(
        "SELECT tranche, COUNT(DISTINCT code) AS codes, COUNT(DISTINCT salt) AS salts, code FROM release GROUP BY tranche"
    )
    assert [(row["tranche"], row["codes"], row["salts"]) for row in rows] == [(2, 1, 4), (3, 1, 4), (4, 1, 4)]
    assert all(has_check_digit(row["code"]) and len(row["code"]) == 13 for row in rows)


def test_the_shipped_list_covers_all_goods(lab: Lab) -> None:
    message = lab.sql("SELECT message FROM catalog")[0]["message"]
    products = catalog.Catalog.from_cbor(cose.parse(message, what="catalog").payload).products
    assert len(products) == 60
    assert {product.good for product in products} == set(range(1, 12))
    assert all(str(product.gtin).startswith("626") for product in products)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gtin,good", "gtin,goods", "row 1: the columns are not gtin,good,name,unit"),
        ("6261037001017,1", "6261037001018,1", "row 2: gtin: '6261037001018' is not a GTIN"),
        ("6261037001017,1,", "6261037001017,x,", "row 2: good: 'x' is not the number of a good"),
        ("یک لیتری,piece", "یک لیتری,liter", "row 2: unit: 'liter' is not one of piece, gram, tray"),
        ("شیر کم‌چرب یک لیتری", "", "row 2: name: is empty"),
        ("6261037001024", "6261037001017", "row 3: GTIN 6261037001017 stands twice"),
        ("6261037001017,1", '6261037001017,"1', "row 2: unexpected end of data"),
        ("6261037001017,1,", f"6261037001017,{'9' * 5000},", "is not the number of a good"),
        ("یک لیتری,piece", "یک لیتری,piece,7", "row 2: has not 4 columns"),
        ("6261037001017,1,", "\n\n6261037001017,x,", "row 4: good: 'x' is not the number of a good"),
    ],
)
def test_a_wrong_product_is_named(lab: Lab, tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CATALOG
    (tmp_path / "list.csv").write_text(CATALOG.replace(old, new, 1))
    with pytest.raises(WrongInput) as refused:
        lab.order("policy catalog", file=tmp_path / "list.csv", force_shrink=False)
    assert said in str(refused.value)
    assert len(lab.sql("SELECT 1 FROM catalog")) == 1


@pytest.mark.parametrize(("kept", "loads"), [(48, True), (47, False)])
def test_a_list_that_shrinks_too_far_needs_to_be_meant(
    lab: Lab, tmp_path: Path, kept: int, loads: bool
) -> None:
    (tmp_path / "list.csv").write_text("\n".join(CATALOG.splitlines()[: kept + 1]))
    if not loads:
        with pytest.raises(Conflict, match="13 of 60 products would vanish"):
            lab.order("policy catalog", file=tmp_path / "list.csv", force_shrink=False)
    done = lab.order("policy catalog", file=tmp_path / "list.csv", force_shrink=not loads)
    assert done.data == {"version": 2, "products": kept}


def test_an_empty_list_is_refused(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("gtin,good,name,unit\n")
    with pytest.raises(WrongInput, match="has 0 products"):
        lab.order("policy catalog", file=tmp_path / "list.csv", force_shrink=True)
