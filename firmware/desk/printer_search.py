"""Asks the people at the counter which printer this is: "press N" is printed at each port and speed; the key tells.

Rules:
- Each round prints every page once; paper is not wasted on nobody. A new round begins when a port comes or goes, when Enter
  is pressed, or when a keypad code asks for it.
- Keys are the search's until a minute after its pages; then they are the till's again, and a till that had a printer goes
  on with that one: a code keyed by mistake must not take the paper away.
- A page at a wrong speed is garbage, and may leave the printer in the middle of a command: each page first brings it back.
- Flow control cannot be seen in so short a page: the profile's, or the configuration's, is used from then on.
- A printer that its USB names tell is not asked about; the width of paper is asked for last, where nothing tells it.
- With up to nine pages one digit is the answer; with more, digits and Enter.

Source: the design, section 8. Untried on paper: how real printers look at a wrong speed.

Must not know: where keys come from, what is kept where.
"""

from __future__ import annotations

import asyncio
import contextlib
from itertools import product
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from drivers.errors import DriverError
from drivers.keypad import Key
from drivers.newest_queue import NewestQueue
from drivers.ports import PortKind
from drivers.printer.printout import render
from drivers.printer.profiles import NARROW, WIDE
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.usb_port import open_printer_port
from firmware.desk.paper import texts
from firmware.desk.printer_choice import Chosen
from firmware.errors import RolesNotStored
from firmware.receipt.printer_slips import printer_found, search_page, width_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from drivers.ports import Port
    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.slip import Slip
    from firmware.desk.printer_choice import PrinterChoice
    from firmware.log import Log

BAUDS: Final = (9_600, 115_200, 19_200, 38_400, 57_600)
"""Commonest first."""
PAGES_MAX = 40
KEYS_MAX = 16
PAGE_STALL_MS = 2_000
PAGE_WITHIN_MS = 8_000
"""A page takes about three seconds at 9600 baud."""
PAGE_REST_MS = 600
"""A USB adapter still holds some hundred bytes when the kernel holds none: they must not leave at the next page's speed."""
LOOK_EVERY_MS = 2_000
ANSWER_WITHIN_MS = 60_000
_WIDTHS: Final = {Key.D1: NARROW, Key.D2: WIDE}
_DIGITS: Final = {key: key.value for key in Key if key.value.isdecimal()}


class Page(Struct, frozen=True, kw_only=True):
    """One try: a port and how it is spoken to there. `profile` is known already, or the plainest."""

    port: Port
    profile: PrinterProfile
    is_known: bool


class PrinterSearch:
    """Owned by the printer's task, which runs it; whoever gets keys offers them to `press`."""

    def __init__(
        self,
        choice: PrinterChoice,
        *,
        log: Log,
        lend_keys: Callable[[bool], None],
        keep_lender: Callable[[], Awaitable[None]],
    ) -> None:
        """`lend_keys` lets devices without a role be heard as well; `keep_lender` gives the one that answered its role."""
        self._choice = choice
        self._log = log
        self._lend_keys = lend_keys
        self._keep_lender = keep_lender
        self._keys: NewestQueue[Key] = NewestQueue(items_max=KEYS_MAX)
        self._asks_until_s: float | None = None

    def press(self, key: Key) -> bool:
        """Take `key` for an answer; False if nobody has asked, or not lately."""
        if self._asks:
            self._keys.put_newest(key)
        return self._asks

    def begin_again(self) -> None:
        """Print all pages once more. Any task may call this."""
        self._keys.put_newest(Key.ENTER)

    async def run(self) -> Chosen:
        """Ask until somebody has answered, or nobody has and the till has a printer all the same."""
        self._keys = NewestQueue(items_max=KEYS_MAX)
        try:
            page = await self._page_read()
            if isinstance(page, Chosen):
                return page
            profile = page.profile if page.is_known else await self._with_width(page)
            await self._keep_lender()
        finally:
            self._expect_nothing()
        try:
            self._choice.keep(page.port, profile)
        except RolesNotStored as error:
            self._log.error("printer", error=str(error))
        self._log.info("printer found", place=page.port.place, profile=profile.name, baud=profile.baud)
        await self._print(page.port, profile, printer_found(profile=profile.name, title=profile.title))
        return Chosen(path=page.port.path, profile=profile)

    @property
    def _asks(self) -> bool:
        return self._asks_until_s is not None and asyncio.get_running_loop().time() < self._asks_until_s

    def _expect_answer(self) -> None:
        if self._asks_until_s is None:
            self._lend_keys(True)  # noqa: FBT003 -- a switch
        self._asks_until_s = asyncio.get_running_loop().time() + ANSWER_WITHIN_MS / 1_000

    def _expect_nothing(self) -> None:
        if self._asks_until_s is not None:
            self._asks_until_s = None
            self._lend_keys(False)  # noqa: FBT003 -- a switch

    async def _page_read(self) -> Page | Chosen:
        """Print rounds of pages until the number of one is keyed; the printer that the till had, if none is."""
        while True:
            ports = self._choice.candidates()
            pages = self._pages(ports)
            self._log.info("printer search", pages=len(pages))
            for number, page in enumerate(pages, 1):
                self._expect_answer()
                keys = str(number) if len(pages) <= 9 else f"{number} Enter"
                await self._print(page.port, page.profile, search_page(number, keys=keys))
                self._expect_answer()
            answer = await self._number(len(pages), ports)
            if isinstance(answer, Chosen):
                return answer
            if 0 < answer <= len(pages):
                return pages[answer - 1]

    def _pages(self, ports: tuple[Port, ...]) -> tuple[Page, ...]:
        pages: list[Page] = []
        for port in ports:
            known = self._choice.profile_of(port)
            profile = known or self._choice.plain(NARROW)
            bauds = BAUDS if port.kind is PortKind.SERIAL else (profile.baud,)
            pages += [
                Page(port=port, profile=replace(profile, baud=baud), is_known=known is not None)
                for port, baud in product((port,), bauds)
            ]
        return tuple(pages[:PAGES_MAX])

    async def _number(self, pages: int, ports: tuple[Port, ...]) -> int | Chosen:
        """What is keyed; 0 if a new round is due; if nobody keys anything, the printer that there was."""
        typed = ""
        while True:
            key = await self._keys.get(timeout_ms=LOOK_EVERY_MS)
            if key is None:
                if not self._asks:
                    self._expect_nothing()
                    if (had := self._had()) is not None:
                        return had
                if self._choice.candidates() != ports:
                    return 0
            elif key is Key.ENTER:
                return int(typed or 0)
            elif key in _DIGITS:
                typed += _DIGITS[key]
                if pages <= 9 or len(typed) > 2:
                    return int(typed[-2:])
            else:
                typed = ""

    def _had(self) -> Chosen | None:
        with contextlib.suppress(DriverError):
            return self._choice.chosen()
        return None

    async def _with_width(self, page: Page) -> PrinterProfile:
        """What is asked last; without an answer it is narrow, for which every paper is wide enough."""
        await self._print(page.port, page.profile, width_page(narrow_keys="1", wide_keys="2"))
        self._expect_answer()
        name = NARROW
        while self._asks:
            key = await self._keys.get(timeout_ms=LOOK_EVERY_MS)
            if key in _WIDTHS:
                name = _WIDTHS[key]
                break
        return replace(self._choice.plain(name), baud=page.profile.baud, flow=page.profile.flow)

    async def _print(self, port: Port, profile: PrinterProfile, slip: Slip) -> None:
        """Print one page, whatever becomes of it."""
        try:
            async with asyncio.timeout(PAGE_WITHIN_MS / 1_000):
                async with open_printer_port(port.path, baud=profile.baud, flow=profile.flow) as opened:
                    printer = ReceiptPrinter(opened, profile, stall_timeout_ms=PAGE_STALL_MS)
                    await printer.print_slip(render(slip, profile), tear=False)
                    await asyncio.sleep(PAGE_REST_MS / 1_000)
        except (DriverError, TimeoutError) as error:
            self._log.info("page lost", place=port.place, baud=profile.baud, error=str(error))
        else:
            self._log.debug(
                "printed", baud=profile.baud, slip=[text for part in slip for text in texts(part)]
            )
