"""Keys of numeric pads and keyboards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import key_codes as codes
from drivers.input_device import open_input_device
from drivers.keypad import Key, KeyDecoder, Keypad
from drivers.simulated.input_events import SimulatedKeypad, key_events, pad_events, scan_events
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from pathlib import Path

ALL = "0123456789+-*/.\n\b"
KEYS_OF_ALL = [
    *(Key(digit) for digit in "0123456789"),
    Key.PLUS,
    Key.MINUS,
    Key.TIMES,
    Key.DIVIDE,
    Key.DOT,
    Key.ENTER,
    Key.BACKSPACE,
]


PACE_US = 60_000


def decode(events: bytes) -> list[Key]:
    return KeyDecoder().feed(events)


def typed(text: str, *, apart_us: int = PACE_US, begin_us: int = 0) -> bytes:
    """The keys of a full keyboard, one after the other."""
    stamps = [divmod(begin_us + place * apart_us, 1_000_000) for place in range(len(text))]
    return b"".join(scan_events(key, end="", stamp=stamp) for key, stamp in zip(text, stamps, strict=True))


@field_failure("NumLock off types arrows", "iamkroot/asus-numpad#1", "arduino-libraries/USBHost#15")
@pytest.mark.parametrize("num_lock", [False, True])
def test_every_key_of_a_pad_whether_or_not_it_wraps_them_in_num_lock(num_lock: bool) -> None:
    assert decode(pad_events(ALL, num_lock=num_lock)) == KEYS_OF_ALL


def test_a_comma_of_the_pad_is_its_dot() -> None:
    assert decode(pad_events(",")) == [Key.DOT]


def test_digits_and_enter_of_a_full_keyboard_are_keys() -> None:
    assert decode(typed("0123456789-/.\b\n")) == [
        *(Key(digit) for digit in "0123456789"),
        Key.MINUS,
        Key.DIVIDE,
        Key.DOT,
        Key.BACKSPACE,
        Key.ENTER,
    ]


def test_letters_are_no_keys() -> None:
    assert decode(typed("abcXYZ;' \t")) == []


@pytest.mark.parametrize("code", [codes.KEY_ESC, codes.KEY_DELETE])
def test_a_key_that_takes_back_what_is_half_typed(code: int) -> None:
    assert decode(key_events(code)) == [Key.CLEAR]


def burst(text: str, *, apart_ms: int, begin_ms: int = 0) -> bytes:
    return typed(text, apart_us=apart_ms * 1_000, begin_us=begin_ms * 1_000)


@pytest.mark.parametrize(
    ("apart_ms", "believed"), [(0, False), (8, False), (29, False), (30, True), (60, True)]
)
def test_keys_faster_than_any_hand_are_a_scanner_and_none_of_its_keys(apart_ms: int, believed: bool) -> None:
    told = decode(burst("6260000000019\n", apart_ms=apart_ms))
    digits = [Key(digit) for digit in "6260000000019"]
    assert told == ([*digits, Key.ENTER] if believed else [*digits[:5], Key.LOST])


@field_failure("a scanner set up as keypad types a PIN", "odoo/odoo#25519", "leihs/leihs#240")
def test_a_scanner_in_the_keypads_place_ends_no_pin_and_no_price() -> None:
    assert Key.ENTER not in decode(burst("C1:7391ABCDEFGH\n1234\n", apart_ms=2))


def test_after_a_burst_and_a_silence_a_hand_is_believed_again() -> None:
    later_ms = 13 * 2 + 150
    told = decode(burst("6260000000019\n", apart_ms=2) + burst("12\n", apart_ms=60, begin_ms=later_ms))
    assert told[5:] == [Key.LOST, Key.D1, Key.D2, Key.ENTER]
    soon = decode(burst("6260000000019\n", apart_ms=2) + burst("1", apart_ms=60, begin_ms=later_ms - 1))
    assert soon[5:] == [Key.LOST]


def test_a_000_key_that_types_three_zeros_at_once_is_no_burst() -> None:
    hand = pad_events("5", stamp=(1, 0)) + b"".join(key_events(82, stamp=(1, 60_000)) for _ in range(3))
    again = b"".join(key_events(82, stamp=(1, 200_000)) for _ in range(3)) + pad_events(
        "\n", stamp=(1, 260_000)
    )
    assert decode(hand + again) == [Key.D5, *[Key.D0] * 6, Key.ENTER]


def test_a_quick_hand_may_roll_over_some_keys() -> None:
    assert decode(burst("12345", apart_ms=5)) == [Key(digit) for digit in "12345"]


@field_failure(
    "a pad keeps a NumLock of its own and types it around each key",
    "jfedor2/hid-remapper#164",
    "jfedor2/hid-remapper#156",
)
def test_num_lock_around_every_key_makes_no_hand_too_fast() -> None:
    assert decode(pad_events("1234567890" * 3, num_lock=True)) == [Key(digit) for digit in "1234567890"] * 3
    triple_zero = pad_events("0", num_lock=True, stamp=(1, 0)) * 3
    assert decode(triple_zero + pad_events("\n", num_lock=True, stamp=(1, 60_000))) == [
        *[Key.D0] * 3,
        Key.ENTER,
    ]


@field_failure(
    "a key without release floods the till",
    "CharaChorder/CCOS-firmware#168",
    "Fabi019/hid-barcode-scanner#564",
    "qmk/qmk_firmware#19254",
)
def test_a_key_that_never_lets_go_is_one_key_and_the_others_go_on() -> None:
    stuck = codes.EVENT.pack(0, 0, codes.EV_KEY, 79, codes.PRESSED)
    repeats = codes.EVENT.pack(0, 250_000, codes.EV_KEY, 79, codes.REPEATED) * 1_000
    assert decode(stuck + repeats + pad_events("23", stamp=(1, 0)) + repeats) == [Key.D1, Key.D2, Key.D3]


@given(st.binary(max_size=40 * codes.EVENT.size))
@settings(max_examples=60)
def test_of_any_events_whatever_only_keys_come_out(noise: bytes) -> None:
    assert all(isinstance(key, Key) for key in decode(noise[: len(noise) - len(noise) % codes.EVENT.size]))


def test_the_keys_that_the_kernel_has_no_code_for_are_told_by_their_usage() -> None:
    double = key_events(codes.KEY_UNKNOWN, usage=codes.USAGE_KP_00)
    triple = key_events(codes.KEY_UNKNOWN, usage=codes.USAGE_KP_000)
    other = key_events(codes.KEY_UNKNOWN, usage=0x700B2)
    assert decode(double + triple + other + pad_events("5")) == [Key.DOUBLE_ZERO, Key.TRIPLE_ZERO, Key.D5]


def test_a_usage_does_not_reach_into_the_next_report() -> None:
    usage_only = key_events(codes.KEY_NUMLOCK, usage=codes.USAGE_KP_00)
    bare_unknown = codes.EVENT.pack(0, 0, codes.EV_KEY, codes.KEY_UNKNOWN, codes.PRESSED)
    assert decode(usage_only + bare_unknown) == []


def test_lost_events_are_told_between_the_keys_before_and_after() -> None:
    dropped = codes.EVENT.pack(0, 0, codes.EV_SYN, codes.SYN_DROPPED, 0)
    assert decode(pad_events("12") + dropped + pad_events("3")) == [Key.D1, Key.D2, Key.LOST, Key.D3]


def test_a_keypad_story(tmp_path: Path) -> None:
    pad = SimulatedKeypad(tmp_path / "keypad")
    pad.plug_in()

    async def story() -> None:
        async with Keypad(open_input_device(tmp_path / "keypad")) as keypad:
            assert pad.press("12\n")
            assert [await anext(keypad) for _ in range(3)] == [Key.D1, Key.D2, Key.ENTER]
            # Nobody presses: the wait is given up, and the next key is still there for the next one who waits.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await anext(keypad)
            pad.press("7")
            async for key in keypad:
                assert key is Key.D7
                break
            pad.press_zeros(2)
            assert await anext(keypad) is Key.DOUBLE_ZERO
        assert not pad.press("1"), "nobody listens any more"

    asyncio.run(story())


def test_a_stuck_key_is_one_key_and_does_not_shut_others_out(tmp_path: Path) -> None:
    pad = SimulatedKeypad(tmp_path / "keypad")
    pad.plug_in()

    async def story() -> None:
        async with Keypad(open_input_device(tmp_path / "keypad")) as keypad:
            pad.hold("4", repeats=10_000)
            pad.press("\n")
            assert [await anext(keypad), await anext(keypad)] == [Key.D4, Key.ENTER]

    asyncio.run(story())


def test_a_key_that_comes_in_the_very_turn_of_a_cancel_is_not_lost(tmp_path: Path) -> None:
    pad = SimulatedKeypad(tmp_path / "keypad")
    pad.plug_in()
    canceled = []

    async def story() -> None:
        async with Keypad(open_input_device(tmp_path / "keypad")) as keypad, asyncio.TaskGroup() as tasks:
            for turns, digit in enumerate("012345"):
                waiting = tasks.create_task(anext(keypad))
                await asyncio.sleep(0)
                pad.press(digit)
                for _ in range(turns):
                    await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.wait([waiting])
                canceled.append(waiting.cancelled())
                key = await anext(keypad) if waiting.cancelled() else waiting.result()
                assert key is Key(digit)

    asyncio.run(story())
    assert set(canceled) == {True, False}, "else this story shows nothing"
