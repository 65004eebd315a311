"""Reads a policy document as its authors write it: TOML, Persian texts, amounts in toman, dates in Solar Hijri.

Every key's name says its unit (``_toman``, ``_days``, ``_percent``). Unknown keys, missing keys and values out of
bounds are errors that name file and key. Which rules make a good policy is not this module's business.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from sync.central.dates import DAY_S, day_start_s
from sync.central.errors import WrongInput
from sync.wire.kinds import Leftover, Unit
from sync.wire.money import AMOUNT_RIAL_MAX, RIAL_PER_TOMAN
from sync.wire.policy import (
    CASH_STEP_RIAL_MAX,
    COHORTS_MAX,
    CONTACTS_MAX,
    GOODS_MAX,
    TRANCHES_MAX,
    Cohort,
    Good,
    Limits,
    Policy,
    Tranche,
)

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
FILE_CHARACTERS_MAX = 32 << 10
"""The reader's time grows with the square of a key's dots: so many cost it a second or two."""


def read_policy(source: str, *, file: str, version: int) -> Policy:
    """The policy written in `source`. `version` is the center's to give. Raises: WrongInput."""
    table = _Table(_document(source, file), file)
    policy = Policy(
        version=version,
        phase=table.text("phase", 40),
        title=table.text("title", 120),
        valid_from_s=table.date("valid_from"),
        goods=tuple(table.each("goods", _good)),
        cohorts=tuple(table.each("cohorts", _cohort)),
        tranches=tuple(tranche for group in table.each("tranches", _tranches) for tranche in group),
        leftover=table.choice(
            "leftover", {"expires": Leftover.EXPIRES, "carries_over": Leftover.CARRIES_OVER}
        ),
        minimum_own_rial=table.toman("minimum_own_toman"),
        cash_step_rial=table.toman("cash_step_toman", least=1, most_rial=CASH_STEP_RIAL_MAX),
        limits=_limits(table.table("limits")),
        stated_time_opens=table.flag("stated_time_opens"),
        usual_shop_percent=table.whole("usual_shop_percent", 0, 100),
        present_within_s=table.days("present_within_days"),
        second_deadline_s=table.days("second_deadline_days"),
        contacts=tuple(table.texts("contacts", 120, CONTACTS_MAX)),
        credential_grace_s=table.days("credential_grace_days")
        if table.has("credential_grace_days")
        else None,
    )
    table.done()
    _check_whole(policy, file)
    return policy


def _document(source: str, file: str) -> dict[str, Any]:
    if len(source) > FILE_CHARACTERS_MAX:
        raise WrongInput(file, f"has more than {FILE_CHARACTERS_MAX} characters")
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise WrongInput(file, f"is not TOML: {error}") from None
    except RecursionError:
        raise WrongInput(file, "is nested too deeply") from None
    except ValueError:  # Python's, of a number with thousands of digits
        raise WrongInput(file, "has a number that is too long") from None


def _good(table: _Table) -> Good:
    units = {"piece": Unit.PIECE, "gram": Unit.GRAM, "tray": Unit.TRAY}
    good = Good(
        number=table.whole("number", 1, 99),
        group=table.whole("group", 1, 9),
        name=table.text("name", 60),
        units=tuple(table.choices("units", units)),
        low_rial=table.toman("low_toman"),
        high_rial=table.toman("high_toman"),
    )
    if len(set(good.units)) != len(good.units):
        table.refuse("units", "has one twice")
    if good.low_rial > good.high_rial:
        table.refuse("low_toman", "is more than high_toman")
    return good


def _cohort(table: _Table) -> Cohort:
    cohort = Cohort(
        number=table.whole("number", 1, 255),
        name=table.text("name", 80),
        decile_from=table.whole("decile_from", 1, 10),
        decile_to=table.whole("decile_to", 1, 10),
        supported=table.flag("supported"),
    )
    if cohort.decile_from > cohort.decile_to:
        table.refuse("decile_from", "is more than decile_to")
    return cohort


def _tranches(table: _Table) -> list[Tranche]:
    """One [[tranches]] table stands for a tranche of several cohorts, opening at a date or by announcement."""
    number = table.whole("number", 1, 9999)
    per_person_rial = table.toman("per_person_toman", least=1)
    announced = table.flag("after_announcement", default=False)
    opens_at_s = None if announced else table.date("opens")
    until_s = table.date("until")
    if opens_at_s is not None and opens_at_s >= until_s:
        table.refuse("until", "is not after opens")
    return [
        Tranche(
            number=number,
            cohort=cohort,
            per_person_rial=per_person_rial,
            opens_at_s=opens_at_s,
            authorize_until_s=until_s - 1,
        )
        for cohort in table.wholes("cohorts", 1, 255)
    ]


def _limits(table: _Table) -> Limits:
    limits = Limits(
        purchase_credit_rial=table.toman("purchase_credit_toman"),
        household_purchases=table.whole("household_purchases", 1, 10_000),
        household_credit_rial=table.toman("household_credit_toman"),
        device_purchases=table.whole("device_purchases", 1, 1_000_000),
        device_credit_rial=table.toman("device_credit_toman"),
        stated_purchase_credit_rial=table.toman("stated_purchase_credit_toman"),
        policy_age_s=table.days("policy_age_days"),
        pin_tries=table.whole("pin_tries", 1, 99),
        operator_pin_tries=table.whole("operator_pin_tries", 1, 99),
    )
    table.done()
    return limits


def _check_whole(policy: Policy, file: str) -> None:
    cohorts = {cohort.number for cohort in policy.cohorts}
    for key, numbers in (
        ("goods.number", [good.number for good in policy.goods]),
        ("cohorts.number", [cohort.number for cohort in policy.cohorts]),
        ("tranches.number with cohort", [(tranche.number, tranche.cohort) for tranche in policy.tranches]),
    ):
        twice = [number for number, count in Counter(numbers).items() if count > 1]
        if twice:
            raise WrongInput(f"{file}: {key}", f"{twice[0]} stands twice")
    for tranche in policy.tranches:
        if tranche.cohort not in cohorts:
            raise WrongInput(f"{file}: tranches.cohorts", f"there is no cohort {tranche.cohort}")
    for key, part, most in (
        ("goods", policy.goods, GOODS_MAX),
        ("cohorts", policy.cohorts, COHORTS_MAX),
        ("tranches", policy.tranches, TRANCHES_MAX),
    ):
        if len(part) > most:
            raise WrongInput(f"{file}: {key}", f"are {len(part)}, more than {most}")


class _Table:
    """One TOML table, whose keys are taken one by one; `done` refuses what nobody took."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = values
        self._where = where
        self._taken: set[str] = set()

    def refuse(self, key: str, why: str) -> None:
        """Raises: WrongInput, always."""
        raise WrongInput(f"{self._where}: {key}", why)

    def done(self) -> None:
        """Raises: WrongInput, for a key that nobody asked for."""
        for key in self._values.keys() - self._taken:
            self.refuse(key, "is not a key of a policy")

    def has(self, key: str) -> bool:
        """Whether a key that may be left out is there."""
        return key in self._values

    def text(self, key: str, most: int) -> str:
        """A text that is not empty."""
        value = self._take(key)
        if type(value) is not str or not 0 < len(value) <= most:
            self.refuse(key, f"is not a text of 1 to {most} characters")
        return str(value)

    def texts(self, key: str, most: int, count_max: int) -> list[str]:
        """Several texts."""
        if len(self._array(key)) > count_max:
            self.refuse(key, f"has more than {count_max} texts")
        return [_Table({key: part}, self._where).text(key, most) for part in self._array(key)]

    def whole(self, key: str, least: int, most: int) -> int:
        """A whole number in bounds."""
        value = self._take(key)
        if type(value) is not int or not least <= value <= most:
            self.refuse(key, f"is not a whole number from {least} to {most}")
        return int(value)

    def wholes(self, key: str, least: int, most: int) -> list[int]:
        """Several whole numbers."""
        return [_Table({key: part}, self._where).whole(key, least, most) for part in self._array(key)]

    def toman(self, key: str, *, least: int = 0, most_rial: int = AMOUNT_RIAL_MAX) -> int:
        """An amount in toman, given back in rial."""
        return self.whole(key, least, most_rial // RIAL_PER_TOMAN) * RIAL_PER_TOMAN

    def days(self, key: str) -> int:
        """Whole days, given back in seconds."""
        return self.whole(key, 1, 3660) * DAY_S

    def date(self, key: str) -> int:
        """A Solar Hijri date, given back as Unix seconds of its 00:00 in Iran."""
        return day_start_s(self.text(key, 10), where=f"{self._where}: {key}")

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """True or false."""
        value = self._take(key, default)
        if type(value) is not bool:
            self.refuse(key, "is not true or false")
        return bool(value)

    def choice(self, key: str, words: dict[str, T]) -> T:
        """What one of some words stands for."""
        word = self._take(key)
        if type(word) is not str or word not in words:
            self.refuse(key, f"is not one of {', '.join(words)}")
        return words[word]

    def choices(self, key: str, words: dict[str, T]) -> list[T]:
        """What several words stand for."""
        return [_Table({key: part}, self._where).choice(key, words) for part in self._array(key)]

    def table(self, key: str) -> _Table:
        """A table inside this one."""
        value = self._take(key)
        if type(value) is not dict:
            self.refuse(key, "is not a table")
        return _Table(value, f"{self._where}: {key}")

    def each(self, key: str, read: Callable[[_Table], T]) -> list[T]:
        """What `read` makes of each table of an array."""
        made = []
        for index, value in enumerate(self._array(key), start=1):
            where = f"{self._where}: {key}[{index}]"
            if type(value) is not dict:
                raise WrongInput(where, "is not a table")
            part = _Table(value, where)
            made.append(read(part))
            part.done()
        return made

    def _array(self, key: str) -> list[Any]:
        value = self._take(key)
        if type(value) is not list or not value:
            self.refuse(key, "is not an array with something in it")
        return list(value)

    def _take(self, key: str, default: Any = None) -> Any:
        self._taken.add(key)
        value = self._values.get(key, default)
        if value is None:
            self.refuse(key, "is missing")
        return value
