"""A center with two phases, a village and a device, made once and copied for each story."""

from __future__ import annotations

import asyncio
import random
import shutil
from concurrent.futures import Executor, Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from sync.central import center as centers
from sync.central.chains.exchange import exchange
from sync.central.config import Folder
from sync.central.dates import day_start_s
from sync.central.doors.orders import ORDERS
from sync.central.enrolling.enrollment import enroll
from sync.wire.entry import PrivatePart
from sync.wire.proof import household_key
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Coroutine, Iterator

    from sync.central.result import Result
    from sync.wire.entry import Entry
    from sync.wire.exchange import ExchangeAnswer
    from sync.wire.facts import Line

T = TypeVar("T")
POLICIES = Path(centers.__file__).parent / "policies"
DEY_17 = day_start_s("1404-10-17", where="test")
DAY_S = 86_400
HEADER = "national_id,members,decile,supported,shop,phone\n"


class Chance:
    """Seeded bytes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, count: int) -> bytes:
        return self._random.randbytes(count)


class SetClock:
    """A clock that stands where it is set."""

    def __init__(self, at_s: int) -> None:
        self.at_s = at_s

    def now_s(self) -> int:
        return self.at_s


class Inline(Executor):
    """Workers that work at once and in this process."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 -- as every executor does
            future.set_exception(error)
        return future


def national_id(number: int) -> str:
    digits = f"{number:09d}"
    rest = sum(int(digit) * (10 - index) for index, digit in enumerate(digits)) % 11
    return digits + str(rest if rest < 2 else 11 - rest)


class Lab:
    """An open center, its clock, and one device in front of it."""

    def __init__(self, folder: Folder, device: Device, at_s: int = DEY_17, seed: int = 1) -> None:
        self.folder = folder
        self.device = device
        self.clock = SetClock(at_s)
        self.said: list[str] = []
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        opened = centers.open_center(folder, self.clock, Chance(seed), Inline)
        self.center = self.run(self._stack.enter_async_context(opened))

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    def order(self, name: str, /, **arguments: Any) -> Result:
        return self.run(self._order(name, arguments))

    async def _order(self, name: str, arguments: dict[str, Any]) -> Result:
        return await ORDERS[name](self.center, arguments, self.said.append)

    def sql(self, text: str, *parameters: Any) -> list[sqlite3.Row]:
        return self.run(self.center.run(lambda database: database.execute(text, parameters).fetchall()))

    def at(self, day: int, hour: int = 10) -> Lab:
        """It is this day of Dey, for center and device."""
        self.clock.at_s = self.device.now_s = DEY_17 + (day - 17) * DAY_S + hour * 3600
        return self

    # -- what devices do

    def enroll(self, device: Device, shop: int = 6001) -> Device:
        ticket = self.order("enroll", shop=shop, minutes=30).data
        body = self.run(enroll(self.center, device.enrollment_request(ticket["token"])))
        device.take_enrollment(body, ticket["root_fingerprint"])
        return device

    def send(self, body: bytes) -> bytes:
        return self.run(exchange(self.center, body))

    def exchange(self, device: Device | None = None) -> ExchangeAnswer:
        """Exchange until everything has arrived on both sides."""
        device = device or self.device
        while True:
            answer = device.take_answer(self.send(device.request()))
            if device.held >= len(device.journal) and answer.mail_last == device.mail_head.number:
                return answer

    def key(self, household: int) -> tuple[int, bytes]:
        """Card number and K, as the household's card and PIN give them."""
        row = self.sql("SELECT number, secret, pin FROM card WHERE household = ?", household)[0]
        return row["number"], household_key(row["secret"], row["pin"])

    def buy(
        self,
        household: int,
        credit_rial: int,
        *lines: Line,
        tranche: int = 1,
        own_rial: int = 50_000,
        **given: Any,
    ) -> Entry:
        """A purchase by card and PIN; by default rice for the credit and the own part."""
        device = self.device
        lines = lines or (piece(7, credit_rial + own_rial),)
        number, key = self.key(household)
        allowance = device.allowances(household, tranche)[-1]
        private = PrivatePart(household=household, card=number)
        said: dict[str, Any] = {"private": private, "proof_key": key} | given
        return device.say(device.purchase([(allowance, credit_rial)], lines), lines=lines, **said)

    def verdict(self, entry: Entry) -> str:
        """What the center decided, as the device was told."""
        return self.device.verdicts()[entry.sequence]

    def report(self) -> dict[str, Any]:
        return self.order("report", html=None).data


def village_csv() -> str:
    cohorts = {1: (2, 1), 2: (3, 0), 3: (5, 0), 4: (9, 0)}
    rows = [
        f"{national_id(1_234_567 + number)},{2 + number},{decile},{supported},6001,0912000000{number}"
        for number, (decile, supported) in cohorts.items()
    ]
    return HEADER + "\n".join(rows) + "\n"


def village(lab: Lab) -> Device:
    """Two phases, a shop, four households, and a device with credit for them all and nothing waiting on either side."""
    lab.order("policy load", file=POLICIES / "tir-1404.toml")
    lab.order("policy load", file=POLICIES / "dey-1404.toml")
    lab.order("policy catalog", file=POLICIES / "catalog-1404.csv", force_shrink=False)
    lab.order("shop add", number=6001, name="فروشگاه روستا", place="لرستان", label_template="2PIIIIIVVVVVC")
    listed = lab.folder.path.parent / "village.csv"
    listed.write_text(village_csv())
    lab.order("import-households", file=listed)
    lab.enroll(lab.device)
    lab.order("allot")
    lab.exchange()
    return lab.device


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Device]:
    path = tmp_path_factory.mktemp("template") / "center"
    centers.found(Folder(path), now_s=DEY_17, chance=Chance(0))
    lab = Lab(Folder(path), Device(seed=b"1"), seed=2)
    try:
        return path, village(lab)
    finally:
        lab.close()


@pytest.fixture
def lab(template: tuple[Path, Device], tmp_path: Path) -> Iterator[Lab]:
    path, device = template
    shutil.copytree(path, tmp_path / "center")
    opened = Lab(Folder(tmp_path / "center"), device.copy(), seed=3).at(17)
    yield opened
    opened.close()
