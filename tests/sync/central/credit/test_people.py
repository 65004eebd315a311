"""Lists of households come whole or not at all, and errors name the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.credit.people import normal_national_id
from sync.central.errors import Conflict, Unknown, WrongInput
from tests.sync.central.conftest import HEADER, national_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab

GOOD = [national_id(number) for number in range(500_000_000, 500_000_030)]


def write(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_list_is_registered_with_a_card_and_a_pin_for_each_household(lab: Lab, tmp_path: Path) -> None:
    rows = [f"{GOOD[0]},4,3,1,6001,09120000001", f"{GOOD[1]},1,10,0,6001,"]
    assert lab.order("import-households", file=write(tmp_path, *rows)).data == {"households": 2}
    cards = [
        card
        for card in lab.order("cards", folder=None, forget=False).data["cards"]
        if card["national_id"] in GOOD
    ]
    assert [(card["members"], card["supported"]) for card in cards] == [(4, True), (1, False)]
    assert all(len(card["pin"]) == 4 and card["pin"].isdecimal() for card in cards)


def test_persian_digits_and_lost_zeros_are_read(lab: Lab, tmp_path: Path) -> None:
    short = national_id(1_111_222).lstrip("0")
    row = f"{short.translate(str.maketrans('0123456789', '۰۱۲۳۴۵۶۷۸۹'))},۴,٣,بله,۶۰۰۱,۰۹۱۲۰۰۰۰۰۰۱"
    lab.order("import-households", file=write(tmp_path, row))
    found = lab.sql("SELECT * FROM household WHERE national_id = ?", national_id(1_111_222))[0]
    assert (found["members"], found["decile"], found["supported"], found["phone"]) == (4, 3, 1, "09120000001")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "1234567890,4,3,1,6001,",
            "row 3: national_id: '1234567890' is not ten digits with a right check digit",
        ),
        (f"{GOOD[1]},-4,3,1,6001,", "row 3: members: '-4' is not a whole number from 1 to 40"),
        (f"{GOOD[1]},4.5,3,1,6001,", "row 3: members: '4.5' is not"),
        (f"{GOOD[1]},4,11,1,6001,", "row 3: decile: '11' is not a whole number from 1 to 10"),
        (f"{GOOD[1]},4,3,maybe,6001,", "row 3: supported: 'maybe' is neither 1 nor 0"),
        (f"{GOOD[1]},4,3,1,6002,", "row 3: shop: 6002 is not registered"),
        (f"{GOOD[1]},4,3,1,6001,12", "row 3: phone: '12' is not eleven digits"),
        (f"{GOOD[0]},4,3,1,6001,", "row 3: national_id: stands in row 2 already"),
        (
            f"{national_id(1_234_568)},4,3,1,6001,",
            "row 3: national_id: is the head of a registered household",
        ),
        (f"{GOOD[1]},4,3,1,6001", "row 3: has not 6 columns"),
        (f"{GOOD[1]},4,3,1,6001,,7", "row 3: has not 6 columns"),
        (f"\n\n{GOOD[1]},4,3,1,6002,", "row 5: shop: 6002 is not registered"),
        (f'{GOOD[1]},4,3,1,6001,"', "row 3: unexpected end of data"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_imported(lab: Lab, tmp_path: Path, row: str, said: str) -> None:
    before = lab.report()
    with pytest.raises(WrongInput) as refused:
        lab.order("import-households", file=write(tmp_path, f"{GOOD[0]},4,3,1,6001,", row))
    assert said in str(refused.value)
    assert lab.report() == before


def test_many_wrong_rows_are_named_at_once_but_not_without_end(lab: Lab, tmp_path: Path) -> None:
    rows = [f"{one},0,3,1,6001," for one in GOOD[:25]]
    with pytest.raises(WrongInput) as refused:
        lab.order("import-households", file=write(tmp_path, *rows))
    assert str(refused.value).count("row ") == 20
    assert "and 5 more rows; nothing was imported" in str(refused.value)


@pytest.mark.parametrize("header", ["national_id,members\n", "", HEADER])
def test_a_list_without_its_columns_or_rows_is_refused(lab: Lab, tmp_path: Path, header: str) -> None:
    with pytest.raises(WrongInput, match=r"list\.csv"):
        lab.order("import-households", file=write(tmp_path, header=header))


def test_a_file_that_is_missing_or_not_text_is_refused(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="No such file"):
        lab.order("import-households", file=tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(WrongInput, match="is not UTF-8 at byte 0"):
        lab.order("import-households", file=tmp_path / "bytes.csv")


def test_a_long_import_shows_its_progress(lab: Lab, tmp_path: Path) -> None:
    rows = [f"{national_id(600_000_000 + number)},4,3,0,6001," for number in range(5_000)]
    lab.order("import-households", file=write(tmp_path, *rows))
    assert lab.said == ["5000 rows read", "5000 of 5000 households registered"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0012345679", "0012345679"),
        (" ۰۰۱۲۳۴۵۶۷۹ ", "0012345679"),
        ("12345679", "0012345679"),
        ("1111111111", None),
        ("1234567", None),
        ("abc", None),
    ],
)
def test_a_national_id_is_read_as_people_type_it(typed: str, read: str | None) -> None:
    assert normal_national_id(typed) == read


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "shop 7: name: is empty"),
        ({"place": "x" * 81}, "shop 7: place: is empty or longer"),
        ({"number": 0}, "shop: 0 is not a number"),
        ({"label_template": "2PIIIIIVVVVV"}, "is not like 2PIIIIIVVVVVC"),
        ({"label_template": "9PIIIIIVVVVVC"}, "is not like 2PIIIIIVVVVVC"),
    ],
)
def test_a_shop_is_checked(lab: Lab, changes: dict[str, object], said: str) -> None:
    shop = {"number": 7, "name": "ن", "place": "ج", "label_template": None}
    with pytest.raises(WrongInput, match=said):
        lab.order("shop add", **(shop | changes))


def test_a_shop_is_registered_once(lab: Lab) -> None:
    with pytest.raises(Conflict, match="shop 6001 exists already"):
        lab.order("shop add", number=6001, name="ن", place="ج", label_template=None)
    assert [shop["number"] for shop in lab.order("shop list").data["shops"]] == [6001]


def test_an_unknown_shop_or_household_is_named(lab: Lab) -> None:
    with pytest.raises(Unknown, match="shop 7 is not registered"):
        lab.order("enroll", shop=7, minutes=30)
    with pytest.raises(Unknown, match="no household is registered"):
        lab.order("code", national_id=GOOD[0], device=None)
    with pytest.raises(WrongInput, match="national ID 123: is not ten digits"):
        lab.order("code", national_id="123", device=None)
