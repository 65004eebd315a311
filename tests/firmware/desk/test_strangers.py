"""A device without a role is overheard for role codes, and what else it types is forgotten."""

from __future__ import annotations

import pytest

from drivers.simulated.input_events import overflown, pad_events, scan_events
from firmware.desk.strangers import LINE_CHARACTERS_MAX, KeyStranger, Said, SerialStranger
from firmware.roles import Role


def roles_in(records: bytes) -> list[Role | None]:
    return [said.role for said in KeyStranger().feed(records)]


@pytest.mark.parametrize(
    "text", ["D1:SCANNER", "]C1D1:SCANNER", "d1:scanner", "~D1:SCANNER~", "6260000000019D1:SCANNER"]
)
def test_a_scanner_that_reads_the_role_barcode_says_so_whatever_stands_around_it(text: str) -> None:
    assert roles_in(scan_events(text)) == [Role.SCANNER]
    assert roles_in(scan_events(text, end="\t")) == [Role.SCANNER]


@pytest.mark.parametrize("num_lock", [False, True])
@pytest.mark.parametrize("typed", ["*18\n", "77*18\n", "8\b*18\n", "*18*18\n"])
def test_a_pad_that_types_the_code_says_so(typed: str, *, num_lock: bool) -> None:
    assert roles_in(pad_events(typed, num_lock=num_lock)) == [Role.KEYPAD]


@pytest.mark.parametrize("typed", ["18\n", "*1\n", "*180\n", "*81\n", "1234\n", "*18.\n"])
def test_anything_else_is_no_role_code(typed: str) -> None:
    assert roles_in(pad_events(typed)) == [None]


def test_nothing_counts_before_its_enter() -> None:
    assert roles_in(pad_events("*18")) == []
    assert roles_in(scan_events("D1:SCANNER", end="")) == []
    assert roles_in(pad_events("\n\n")) == [], "Enter alone says nothing"


def test_a_line_of_which_the_kernel_lost_a_part_is_no_role_code() -> None:
    assert roles_in(overflown(scan_events("6260000000019*18"))) == [Role.KEYPAD], (
        "what came whole after it counts"
    )
    assert roles_in(overflown(scan_events("D1:SCANNER"))) == [None]


def test_half_a_line_before_the_loss_is_forgotten() -> None:
    stranger = KeyStranger()
    assert stranger.feed(pad_events("*1")) == []
    records = overflown(scan_events("9" * 11, end=""))  # one 9 and the loss before it
    assert [said.role for said in stranger.feed(records + pad_events("8\n"))] == [None]


def test_an_endless_line_is_bounded_and_shows_nothing() -> None:
    (said,) = KeyStranger().feed(pad_events("1234" * 100 + "\n"))
    assert len(said) == LINE_CHARACTERS_MAX
    assert "1234" not in repr(said)
    assert "1234" not in repr(Said("1234"))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_serial_scanner_says_so_too_even_in_pieces(end: str) -> None:
    stranger = SerialStranger()
    assert stranger.feed(b"\x02D1:SCA") == []
    assert [said.role for said in stranger.feed(f"NNER{end}62600".encode())] == [Role.SCANNER]
    assert [said.role for said in stranger.feed(f"{end}".encode())] == [None]


def test_a_serial_device_that_never_ends_a_line_fills_no_memory() -> None:
    stranger = SerialStranger()
    for _ in range(50):
        assert stranger.feed(bytes(range(0x20, 0x100)) * 4) == []
    (said,) = stranger.feed(b"\n")
    assert len(said) == LINE_CHARACTERS_MAX
