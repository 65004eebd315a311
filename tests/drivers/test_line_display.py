"""Both lines arrive whole in each protocol, whatever happened before; nothing that is shown can become a command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import DeviceGone, PrinterBlocked
from drivers.line_display import PROTOCOLS, LineDisplay, TwoLines, frame
from drivers.serial_port import open_serial_port
from drivers.simulated.pole_display import Glass, PoleDisplay, UnknownDisplayBytes
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from pathlib import Path

TOTAL = TwoLines("TOTAL      1,200,000", "800,000 + 400,000")


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def shown_on(display: PoleDisplay, lines: TwoLines) -> bool:
    for _ in range(100):
        if display.lines == (lines.upper.rstrip(), lines.lower.rstrip()):
            return True
        await asyncio.sleep(0.005)
    return False


async def again_and_again(display: LineDisplay, *, times: int) -> None:
    for _ in range(times):
        await display.show(TOTAL)


def test_the_table_s_example_is_what_is_sent() -> None:
    assert frame(TwoLines("40", " 5"), PROTOCOLS["cd5220"]).hex() == (
        "1b5141" + "3430" + "20" * 18 + "0d" + "1b5142" + "2035" + "20" * 18 + "0d"
    )
    assert frame(TwoLines("40", " 5"), PROTOCOLS["escpos"]).hex() == (
        "1f240101" + "3430" + "20" * 18 + "1f240102" + "2035" + "20" * 18
    )


def test_what_is_shown_stands_on_the_display_without_a_cursor(tmp_path: Path, protocol: str) -> None:
    async def story() -> None:
        async with (
            PoleDisplay(protocol, path=tmp_path / "pole") as pole,
            open_serial_port(pole.path, baud=9_600) as port,
        ):
            display = LineDisplay(port, PROTOCOLS[protocol])
            for lines in (TOTAL, TwoLines("OK"), TwoLines()):
                await display.show(lines)
                assert await shown_on(pole, lines)
            assert not pole.has_cursor

    asyncio.run(story())


@field_failure(
    "the old amount stays on the customer's display",
    "python-escpos/python-escpos#270",
    "mike42/escpos-php#56",
)
@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=3), st.data())
def test_no_text_is_a_command_and_each_state_replaces_the_one_before(
    states: list[tuple[str, str]], data: st.DataObject
) -> None:
    protocol = data.draw(st.sampled_from(sorted(PROTOCOLS)))
    glass = Glass(protocol)
    glass.feed(PROTOCOLS[protocol].begin)
    for upper, lower in states:
        glass.feed(frame(TwoLines(upper, lower), PROTOCOLS[protocol]))
        assert glass.broken == ""
        for told, read in zip((upper, lower), glass.lines, strict=True):
            assert len(read) <= 20
            assert read == "".join(sign if " " <= sign <= "~" else "?" for sign in told[:20]).rstrip()


def test_a_state_cut_at_any_byte_is_mended_by_the_next(protocol: str) -> None:
    """The process died in the middle of a write, or the cable was loose."""
    kind = PROTOCOLS[protocol]
    whole = kind.begin + frame(TOTAL, kind)
    for cut in range(len(whole)):
        glass = Glass(protocol)
        glass.feed(whole[:cut])
        glass.feed(kind.begin + frame(TwoLines("OK", "1"), kind))
        assert (glass.broken, glass.lines, glass.has_cursor) == ("", ("OK", "1"), False)


def test_a_display_that_takes_nothing_is_given_up_in_time(tmp_path: Path, protocol: str) -> None:
    async def story() -> None:
        async with (
            PoleDisplay(protocol, path=tmp_path / "pole") as pole,
            open_serial_port(pole.path, baud=9_600) as port,
        ):
            display = LineDisplay(port, PROTOCOLS[protocol], timeout_ms=30)
            pole.block()
            with pytest.raises(PrinterBlocked):
                await again_and_again(display, times=1_000)
            pole.unblock()
            await asyncio.sleep(0.05)
            await display.show(TwoLines("OK"))
            assert await shown_on(pole, TwoLines("OK"))

    asyncio.run(story())


def test_a_display_that_is_pulled_out_says_so(tmp_path: Path, protocol: str) -> None:
    async def story() -> None:
        async with (
            PoleDisplay(protocol, path=tmp_path / "pole") as pole,
            open_serial_port(pole.path, baud=9_600) as port,
        ):
            pole.unplug()
            with pytest.raises(DeviceGone):
                await again_and_again(LineDisplay(port, PROTOCOLS[protocol]), times=3)

    asyncio.run(story())


def test_the_emulated_display_refuses_what_the_real_one_would_not_obey(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            PoleDisplay("cd5220", path=tmp_path / "pole") as pole,
            open_serial_port(pole.path, baud=9_600) as port,
        ):
            await port.write(b"\x07", timeout_ms=100)
            await asyncio.sleep(0.02)
            with pytest.raises(UnknownDisplayBytes, match="07"):
                assert pole.lines

    asyncio.run(story())
    glass = Glass("cd5220")
    glass.feed(frame(TOTAL, PROTOCOLS["cd5220"]) + b"\x1b@")
    assert glass.lines == (TOTAL.upper, TOTAL.lower), "in string mode only CLR leads out"
