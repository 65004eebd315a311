"""Shops, households and their cards. Owns the tables shop, household and card.

National IDs stay here; devices know a household's number. A list of households is imported whole or not at all.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, NamedTuple

from sync.central.config import CARD_FOR_S, FIRST_CARD
from sync.central.credit.scheme import random_digits
from sync.central.dates import western
from sync.central.errors import Conflict, Unknown, WrongInput
from sync.wire.card import SECRET_BYTES
from sync.wire.numbers import is_national_id
from sync.wire.proof import PIN_DIGITS, household_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from sync.central.keys import Chance

    Progress = Callable[[str], None]

COLUMNS = ["national_id", "members", "decile", "supported", "shop", "phone"]
MEMBERS_MAX = 40
ERRORS_NAMED_MAX = 20
ROWS_BETWEEN_PROGRESS = 5_000
YES = {"1", "yes", "true", "بله"}
NO = {"0", "no", "false", "خیر", ""}


class NewHousehold(NamedTuple):
    """A row of the list, checked."""

    national_id: str
    members: int
    decile: int
    supported: bool
    shop: int
    phone: str


def add_shop(
    database: sqlite3.Connection, *, number: int, name: str, place: str, label_template: str | None
) -> None:
    """Register a contracted shop. Raises: WrongInput, Conflict."""
    for field, text in (("name", name), ("place", place)):
        if not 0 < len(text) <= 80:
            raise WrongInput(f"shop {number}: {field}", "is empty or longer than 80 characters")
    if not 1 <= number < 10**9:
        raise WrongInput("shop", f"{number} is not a number from 1 to 999999999")
    if label_template is not None and not re.fullmatch(r"(?=.{13}$)2[\dP]I+V+C", label_template):
        raise WrongInput(f"shop {number}: label template", f"{label_template!r} is not like 2PIIIIIVVVVVC")
    if database.execute("SELECT 1 FROM shop WHERE number = ?", (number,)).fetchone():
        raise Conflict(f"shop {number} exists already")
    database.execute("INSERT INTO shop VALUES (?, ?, ?, ?)", (number, name, place, label_template))


def shop_row(database: sqlite3.Connection, number: int) -> sqlite3.Row:
    """A shop. Raises: Unknown."""
    row: sqlite3.Row | None = database.execute("SELECT * FROM shop WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise Unknown(f"shop {number} is not registered")
    return row


def import_households(
    database: sqlite3.Connection, source: str, *, file: str, now_s: int, chance: Chance, progress: Progress
) -> int:
    """Register the households in `source` and make a card for each; how many. Raises: WrongInput; then nothing changed."""
    households = _read_households(database, source, file, progress)
    household = database.execute("SELECT COALESCE(MAX(number), 0) AS n FROM household").fetchone()["n"]
    card = database.execute("SELECT COALESCE(MAX(number), ?) AS n FROM card", (FIRST_CARD - 1,)).fetchone()[
        "n"
    ]
    for index, new in enumerate(households, start=1):
        database.execute("INSERT INTO household VALUES (?, ?, ?, ?, ?, ?, ?)", (household + index, *new))
        _insert_card(database, card + index, household + index, until_s=now_s + CARD_FOR_S, chance=chance)
        if index % ROWS_BETWEEN_PROGRESS == 0:
            progress(f"{index} of {len(households)} households registered")
    return len(households)


def household_by_national_id(database: sqlite3.Connection, text: str) -> sqlite3.Row:
    """The household whose head has this national ID. Raises: WrongInput, Unknown."""
    national_id = normal_national_id(text)
    if national_id is None:
        raise WrongInput(f"national ID {text}", "is not ten digits with a right check digit")
    row: sqlite3.Row | None = database.execute(
        "SELECT * FROM household WHERE national_id = ?", (national_id,)
    ).fetchone()
    if row is None:
        raise Unknown(f"no household is registered for the national ID {text}")
    return row


def new_card(database: sqlite3.Connection, household: int, *, now_s: int, chance: Chance) -> int:
    """A further card for a household; its number."""
    number = int(
        database.execute("SELECT COALESCE(MAX(number), ?) + 1 AS n FROM card", (FIRST_CARD - 1,)).fetchone()[
            "n"
        ]
    )
    _insert_card(database, number, household, until_s=now_s + CARD_FOR_S, chance=chance)
    return number


def normal_national_id(text: str) -> str | None:
    """Ten western digits for what somebody typed, padded from 8 or 9; None where it is no national ID."""
    digits = western(text.strip())
    padded = digits.zfill(10) if len(digits) in (8, 9) else digits
    return padded if is_national_id(padded) else None


def _insert_card(
    database: sqlite3.Connection, number: int, household: int, *, until_s: int, chance: Chance
) -> None:
    secret, pin = chance(SECRET_BYTES), random_digits(PIN_DIGITS, chance)
    database.execute(
        "INSERT INTO card (number, household, secret, pin, household_key, until_s) VALUES (?, ?, ?, ?, ?, ?)",
        (number, household, secret, pin, household_key(secret, pin), until_s),
    )


def _read_households(
    database: sqlite3.Connection, source: str, file: str, progress: Progress
) -> list[NewHousehold]:
    shops = {row["number"] for row in database.execute("SELECT number FROM shop")}
    registered = {row["national_id"] for row in database.execute("SELECT national_id FROM household")}
    rows_of_heads: dict[str, int] = {}
    households: list[NewHousehold] = []
    wrong: list[str] = []
    for number, row in _rows(source, file):
        try:
            new = _household(row, shops)
            _check_new(new.national_id, rows_of_heads, registered)
        except WrongInput as error:
            wrong.append(f"row {number}: {error}")
            continue
        rows_of_heads[new.national_id] = number
        households.append(new)
        if len(households) % ROWS_BETWEEN_PROGRESS == 0:
            progress(f"{len(households)} rows read")
    if wrong:
        more = [f"and {len(wrong) - ERRORS_NAMED_MAX} more rows"] if len(wrong) > ERRORS_NAMED_MAX else []
        raise WrongInput(file, "; ".join(wrong[:ERRORS_NAMED_MAX] + more) + "; nothing was imported")
    if not households:
        raise WrongInput(file, "has no households")
    return households


def _check_new(national_id: str, rows_of_heads: dict[str, int], registered: set[str]) -> None:
    if national_id in rows_of_heads:
        raise WrongInput("national_id", f"stands in row {rows_of_heads[national_id]} already")
    if national_id in registered:
        raise WrongInput("national_id", "is the head of a registered household already")


def _rows(source: str, file: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(source.removeprefix("\ufeff")), strict=True)
    try:
        if reader.fieldnames != COLUMNS:
            raise WrongInput(f"{file} row 1", f"the columns are not {','.join(COLUMNS)}")
        for row in reader:
            if None in row or None in row.values():
                raise WrongInput(f"{file} row {reader.line_num}", f"has not {len(COLUMNS)} columns")
            yield reader.line_num, row
    except csv.Error as error:
        raise WrongInput(f"{file} row {reader.line_num + 1}", str(error)) from None


def _household(row: dict[str, str], shops: set[int]) -> NewHousehold:
    national_id = normal_national_id(row["national_id"])
    if national_id is None:
        raise WrongInput("national_id", f"{row['national_id']!r} is not ten digits with a right check digit")
    shop = _whole(row, "shop", 1, 10**9)
    if shop not in shops:
        raise WrongInput("shop", f"{shop} is not registered")
    supported = row["supported"].strip().lower()
    if supported not in YES | NO:
        raise WrongInput("supported", f"{supported!r} is neither 1 nor 0")
    phone = western(row["phone"].strip())
    if not re.fullmatch(r"(0\d{10})?", phone):
        raise WrongInput("phone", f"{phone!r} is not eleven digits such as 09120000000")
    members, decile = _whole(row, "members", 1, MEMBERS_MAX), _whole(row, "decile", 1, 10)
    return NewHousehold(national_id, members, decile, supported in YES, shop, phone)


def _whole(row: dict[str, str], column: str, least: int, most: int) -> int:
    text = western(row[column].strip())
    if not re.fullmatch(r"-?\d{1,9}", text) or not least <= int(text) <= most:
        raise WrongInput(column, f"{text!r} is not a whole number from {least} to {most}")
    return int(text)
