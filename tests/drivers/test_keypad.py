"""Keys of numeric pads and keyboards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers import key_codes as codes
from drivers.input_device import open_input_device
from drivers.keypad import Key, KeyDecoder, Keypad
from drivers.simulated.input_events import SimulatedKeypad, key_events, pad_events, scan_events

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


def decode(events: bytes) -> list[Key]:
    return KeyDecoder().feed(events)


@pytest.mark.parametrize("num_lock", [False, True])
def test_every_key_of_a_pad_whether_or_not_it_wraps_them_in_num_lock(num_lock: bool) -> None:
    assert decode(pad_events(ALL, num_lock=num_lock)) == KEYS_OF_ALL


def test_a_comma_of_the_pad_is_its_dot() -> None:
    assert decode(pad_events(",")) == [Key.DOT]


def test_digits_and_enter_of_a_full_keyboard_are_keys() -> None:
    assert decode(scan_events("0123456789-/.\b")) == [
        *(Key(digit) for digit in "0123456789"),
        Key.MINUS,
        Key.DIVIDE,
        Key.DOT,
        Key.BACKSPACE,
        Key.ENTER,
    ]


def test_letters_are_no_keys() -> None:
    assert decode(scan_events("abcXYZ;' ", end="\t")) == []


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
