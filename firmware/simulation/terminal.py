"""`sofreh-till run --simulate DIR`: a person plays the shopkeeper in a terminal.

The paper is told twice: as lines of text, and as pictures in DIR/paper, for a terminal cannot draw what a printer can. The
first time a village with a center of its own is founded in DIR; later times go on where the last one ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING

from drivers.errors import DriverError
from firmware.errors import FirmwareError
from firmware.receipt import persian
from firmware.simulation.center_process import CenterProcess, OrderFailed, scheme_file
from firmware.simulation.child import ChildEnded
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.shop import ShopSettings, SimulatedShop
from firmware.simulation.typed import WORDS, Code, Keys, Strange, span_ms, typed
from firmware.simulation.village import enroll_till, settle_village, village_of
from sync.wire.card import to_code128

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from firmware.simulation.child import Event
    from firmware.simulation.typed import Typed
    from firmware.simulation.village import Village

FIRST_MORNING_S = 1_767_760_200
"""17 Dey 1404, 08:00 in Iran."""
HOUSEHOLDS = 12
TICK_MS = 250
EXCHANGED_WITHIN_MS = 20_000
PROMPT = "till> "
_MARKS = str.maketrans(dict.fromkeys("\u2066\u2067\u2068\u2069\u200e\u200f"))


async def play(folder: Path) -> None:
    """Found the village if need be, open the shop, obey until the end of input or ``:quit``. Raises: FirmwareError."""
    folder = _made(folder)
    with contextlib.closing(SimulatedClock(folder / "clock", wall_s=FIRST_MORNING_S)):
        center = CenterProcess(folder / "center", clock=folder / "clock")
        try:
            await _play(folder, center)
        except (OrderFailed, TimeoutError) as error:
            raise FirmwareError(str(error)) from error
        finally:
            await center.stop()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FirmwareError(f"{folder}: {error.strerror}") from error
    return folder.absolute()


async def _play(folder: Path, center: CenterProcess) -> None:
    founding = folder / "founding"
    if founding.exists():  # somebody ended it before there was a village: what there is, is nobody's
        for begun in (center.folder, folder / "data"):
            shutil.rmtree(begun, ignore_errors=True)
    ticket, is_new = None, not (folder / "data" / "identity.cbor").exists()
    if is_new:
        print(f"A village is founded in {folder}; this takes some seconds ...", flush=True)
        founding.touch()
        await center.found()
    await center.serve()
    if is_new:
        ticket = await settle_village(center, households=HOUSEHOLDS)
    settings = ShopSettings(center_port=center.port, wall_s=FIRST_MORNING_S, interval_ms=2_000)
    async with SimulatedShop(folder, settings, hear=tell) as shop:
        if ticket is not None:
            await enroll_till(shop.config, url=center.url, ticket=ticket)
            await center.order("allot")
        village = await village_of(center)
        founding.unlink(missing_ok=True)
        await shop.plug.insert()
        await first_exchange(shop)
        async with asyncio.TaskGroup() as group:
            time = group.create_task(_let_time_pass(shop.clock))
            await Shopkeeper(shop, center, village).obey(_lines())
            await close_for_today(shop)
            time.cancel()


async def first_exchange(shop: SimulatedShop) -> None:
    """Give the till and its center time to agree; where they do not, the shop opens all the same. Raises: ChildEnded."""
    try:
        await shop.until_exchanged(timeout_ms=EXCHANGED_WITHIN_MS)
    except TimeoutError:
        print(
            "  ~ the center does not hold everything that the till has to send; the shop opens all the same"
        )


async def close_for_today(shop: SimulatedShop) -> None:
    """End the till as systemd does: to leave the terminal is no power cut."""
    if shop.plug.is_in:
        try:
            await shop.plug.shut_down()
        except TimeoutError as error:
            print(f"  ! the till: {error}; its plug is pulled")


class Shopkeeper:
    """The person's hands. Owned by the task that reads what is typed."""

    def __init__(self, shop: SimulatedShop, center: CenterProcess, village: Village) -> None:
        self._shop = shop
        self._center = center
        self._village = village
        self._strips = len(list(self._paper.glob("*.png")))
        self._words: dict[str, Callable[[str], Awaitable[None]]] = {
            "cards": self._cards, "goods": self._goods, "card": self._card, "code": self._code,
            "announce": self._announce, "report": self._report, "cut": self._cut, "restore": self._restore,
            "unplug": self._unplug, "replug": self._replug, "paper": self._put_paper, "plug": self._plug,
            "insert": self._insert, "clock": self._clock, "help": self._help,
        }  # fmt: skip

    async def obey(self, lines: AsyncIterator[str]) -> None:
        """Do what is typed, line by line."""
        await self._help("")
        await self._keep_paper()
        async for line in lines:
            action = typed(line)
            if isinstance(action, Strange):
                print(f"  ? {action.why}")
            elif not isinstance(action, Keys | Code) and action.word == "quit":
                return
            else:
                await self._try(action)
        print()

    async def _try(self, action: Typed) -> None:
        try:
            await self._do(action)
            await self._keep_paper()
        except (OrderFailed, DriverError) as error:
            print(f"  ? {error}")
        except TimeoutError as error:
            print(f"  ? the till is still at work: {error}")
        except ChildEnded as error:
            print(f"  ! the till: {error}\n  ! see {self._shop.folder / 'till.log'}; :insert starts it again")
            await self._shop.plug.pull()

    async def _do(self, action: Typed) -> None:
        if isinstance(action, Keys | Code):
            if not self._shop.plug.is_in:
                print("  ? the till has no power; :insert")
            elif isinstance(action, Keys):
                await self._shop.press(action.keys)
            else:
                await self._scan(action.text)
        elif not isinstance(action, Strange):
            await self._words[action.word](action.rest)

    async def _keep_paper(self) -> None:
        """Once nobody is at the counter, put what came out of the printer into the folder, one picture a strip."""
        if self._shop.plug.is_in and self._shop.plug.child.state not in ("", "IDLE"):
            return
        torn = await self._shop.paper.tear_off()
        if torn.picture.height:
            self._strips += 1
            self._paper.mkdir(exist_ok=True)
            path = self._paper / f"{self._strips:04d}.png"
            torn.picture.save(path)
            print(f"  └─ {path}", flush=True)

    @property
    def _paper(self) -> Path:
        return self._shop.folder / "paper"

    async def _cards(self, _: str) -> None:
        print("  household  members  decile      card  typed: *2e   PIN  national ID")
        for one in self._village.villagers:
            supported = "+" if one.supported else " "
            print(
                f"  {one.household:9d}  {one.members:7d}  {one.decile:5d}{supported}  {one.card:8d}"
                f"  {to_code128(one.card)[1:]:>10s}  {one.pin}  {one.national_id}"
            )
        print(f"  + under a support body. The operator PIN is {self._village.operator_pin}.")

    async def _goods(self, _: str) -> None:
        seen: set[str] = set()
        for row in scheme_file("catalog-1404.csv").read_text().splitlines()[1:]:
            gtin, good, name, _unit = row.split(",")
            if good not in seen:
                seen.add(good)
                print(f"  {gtin}  good {good:>2}  {name}")

    async def _card(self, rest: str) -> None:
        found = [one for one in self._village.villagers if str(one.household) == rest]
        if not found:
            print("  ? no such household; :cards lists them")
        elif self._shop.plug.is_in:
            await self._scan(found[0].card_qr)

    async def _code(self, rest: str) -> None:
        code = (await self._center.order("code", rest))["code"]
        print(f"  ☎ one-time code {code}. At the till: *3e, national ID and e, then the code and e.")

    async def _announce(self, rest: str) -> None:
        code = (await self._center.order("announce", rest))["code"]
        print(f"  ☎ tranche {rest} is announced, code {code}. At the till: *15e, then the code and e.")

    async def _report(self, _: str) -> None:
        found = (await self._center.order("report"))["reconciliation"]
        for name in ("device_rial", "ledger_rial", "settled_rial", "unsettled_rial", "refused_rial"):
            print(f"  {name.removesuffix('_rial'):10s} {found[name] // 10:>12,} toman")

    async def _cut(self, _: str) -> None:
        self._shop.link.cut()
        print("  ✂ the line is cut")

    async def _restore(self, _: str) -> None:
        await self._shop.link.restore()
        print("  ~ the line is whole")

    async def _scan(self, text: str) -> None:
        if self._shop.scanner_is_in:
            await self._shop.scan(text)
        else:
            print("  ? the scanner is not plugged in; :replug")

    async def _unplug(self, rest: str) -> None:
        if rest == "printer":
            self._shop.printer.unplug()
        elif rest not in ("", "scanner"):
            print("  ? such as :unplug scanner or :unplug printer")
            return
        elif self._shop.scanner_is_in:
            self._shop.pull_out_scanner()
        print(f"  ✂ the {rest or 'scanner'} is pulled out")

    async def _replug(self, rest: str) -> None:
        if rest == "printer":
            if not self._shop.printer_is_in:
                self._shop.printer.plug_in()
        elif rest not in ("", "scanner"):
            print("  ? such as :replug scanner or :replug printer")
            return
        else:
            self._shop.plug_in_scanner()
        print(f"  ~ the {rest or 'scanner'} is plugged in")

    async def _put_paper(self, rest: str) -> None:
        if rest == "out":
            self._shop.printer.run_out_of_paper()
            print("  ✂ the roll is at its end; this printer says nothing of it")
        elif rest == "in":
            self._shop.printer.load_paper()
            print("  ~ a new roll is in")
        else:
            print("  ? such as :paper out or :paper in")

    async def _plug(self, _: str) -> None:
        await self._shop.plug.pull()
        print("  ⚡ the till has no power; :insert")

    async def _insert(self, _: str) -> None:
        if not self._shop.plug.is_in:
            await self._shop.plug.insert()

    async def _clock(self, rest: str) -> None:
        passed_ms = span_ms(rest)
        if rest and passed_ms is None:
            print("  ? such as :clock +2h")
            return
        self._shop.clock.advance(ms=passed_ms or 0)
        now_s = self._shop.clock.wall_s
        print(f"  ◷ {persian.date_and_time(now_s)}".translate(_MARKS))

    async def _help(self, _: str) -> None:
        print("  Type keys of the pad (e is Enter, b backspace) or a barcode. The help card is *9e. Besides:")
        for word, meaning in WORDS.items():
            print(f"  :{word:9s}{meaning}")


def tell(event: Event) -> None:
    """Show what the till's log says that a person at the counter would notice."""
    kind = event.get("event")
    if kind == "printed":
        for text in event["slip"]:
            print(f"  │ {text}".translate(_MARKS))
    elif kind == "beeped":
        print(f"  ♪ {event['sound'].lower()}", flush=True)
    elif kind == "link":
        print(f"  ~ the till says that the center is {'there again' if event['up'] else 'away'}", flush=True)
    elif kind == "not printed":
        print(f"  │ ... not printed: {event['error']}", flush=True)


async def _let_time_pass(clock: SimulatedClock) -> None:
    """The simulated clock keeps pace with the real one."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    while True:
        await asyncio.sleep(TICK_MS / 1000)
        now = loop.time()
        clock.advance(ms=round((now - before) * 1000))
        before = now


async def _lines() -> AsyncIterator[str]:
    """Lines of standard input, without a thread: a terminal or pipe is awaited, a file is there already."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (sys.stdin.isatty() or stat.S_ISFIFO(mode)):
        for line in sys.stdin:
            yield line
        return
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    # Opened anew: waiting for it must not make the terminal refuse what we print.
    with contextlib.closing(os.fdopen(os.open("/dev/stdin", os.O_RDONLY | os.O_CLOEXEC), "rb", 0)) as opened:
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), opened)
        print(PROMPT, end="", flush=True)
        async for data in reader:
            yield data.decode("utf-8", "replace")
            print(PROMPT, end="", flush=True)
        transport.close()
