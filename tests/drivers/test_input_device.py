"""The reader on a device's descriptor: whole records, nothing lost by waiting, every end told as DeviceGone."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import pty
import socket
from pathlib import Path

import pytest

from drivers import key_codes as keys
from drivers.errors import DeviceGone, PortNotOpened
from drivers.input_device import (
    EVIOCGBIT_EV_LED,
    EVIOCGRAB,
    EVIOCSCLOCKID,
    QUEUED_READS_MAX,
    READ_RECORDS_MAX,
    InputDevice,
    Lights,
    open_input_device,
)
from drivers.simulated.key_light import KeyLight
from tests.field_failure import field_failure

RECORDS = [keys.EVENT.pack(at, 0, keys.EV_KEY, 2, keys.PRESSED) for at in range(5)]


def plugged() -> tuple[InputDevice, socket.socket]:
    near, far = socket.socketpair()
    near.setblocking(False)
    return InputDevice(near.detach(), name="scanner"), far


def test_a_fifo_does_not_end_when_its_writer_goes(tmp_path: Path) -> None:
    path = tmp_path / "event0"
    os.mkfifo(path)

    async def story() -> None:
        async with open_input_device(path) as device:
            for record in RECORDS[:2]:
                path.write_bytes(record)
                assert await device.read() == record
            assert await device.read(timeout_ms=10) == b""

    asyncio.run(story())


def test_a_record_that_comes_in_parts_is_kept_until_it_is_whole() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with device:
                far.send(RECORDS[0] + RECORDS[1][:7])
                assert await device.read() == RECORDS[0]
                far.send(RECORDS[1][7:20])
                assert await device.read(timeout_ms=10) == b""
                far.send(RECORDS[1][20:])
                assert await device.read() == RECORDS[1]

    asyncio.run(story())


def test_a_fifo_whose_records_were_torn_is_right_again_when_it_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "event0"
    os.mkfifo(path)

    async def story() -> None:
        async with open_input_device(path) as device:
            path.write_bytes(RECORDS[0] + RECORDS[1][:7])
            assert await device.read() == RECORDS[0]
            path.write_bytes(RECORDS[2])
            with pytest.raises(DeviceGone, match="no event records"):
                await device.read()
        async with open_input_device(path) as device:
            path.write_bytes(RECORDS[3])
            assert await device.read() == RECORDS[3]

    asyncio.run(story())


def test_what_came_before_the_end_is_read_first_and_then_every_read_says_gone() -> None:
    async def story() -> None:
        device, far = plugged()
        async with device:
            far.send(RECORDS[0])
            far.close()
            assert await device.read() == RECORDS[0]
            for _ in range(2):
                with pytest.raises(DeviceGone, match="scanner"):
                    await device.read()

    asyncio.run(story())


@field_failure("the read says ENODEV before anybody says unplugged", "gvalkov/python-evdev#64")
def test_a_read_error_of_the_kernel_is_device_gone() -> None:
    async def story() -> None:
        fd, other = pty.openpty()
        os.set_blocking(fd, False)
        os.close(other)
        with pytest.raises(OSError, match="Input/output"):
            os.read(fd, 1)
        async with InputDevice(fd, name="pad") as device, asyncio.timeout(5):
            with pytest.raises(DeviceGone, match="pad"):
                await device.read()

    asyncio.run(story())


def test_what_is_given_back_is_read_again_before_what_came_later() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with device:
                far.send(RECORDS[0])
                first = await device.read()
                far.send(RECORDS[1])
                await asyncio.sleep(0.001)
                device.unread(first)
                device.unread(b"")
                assert [await device.read(), await device.read()] == RECORDS[:2]
                assert await device.read(timeout_ms=10) == b""

    asyncio.run(story())


def test_what_the_queue_had_to_drop_is_told_as_the_kernel_tells_it() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with device:
                for at in range(QUEUED_READS_MAX + 2):
                    far.send(keys.EVENT.pack(at, 0, keys.EV_KEY, 2, keys.PRESSED))
                    await asyncio.sleep(0.001)
                told = list(keys.EVENT.iter_unpack(await device.read()))
                assert told == [
                    (2, 0, keys.EV_SYN, keys.SYN_DROPPED, 0),
                    (2, 0, keys.EV_KEY, 2, keys.PRESSED),
                ]
                assert len(await device.read()) == keys.EVENT.size, "told once"

    asyncio.run(story())


def test_one_read_takes_no_more_than_the_kernels_ring_holds() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with device:
                far.send(RECORDS[0] * (READ_RECORDS_MAX + 1))
                assert len(await device.read()) == READ_RECORDS_MAX * keys.EVENT.size
                assert len(await device.read()) == keys.EVENT.size

    asyncio.run(story())


def test_leaving_closes_the_descriptor_and_frees_the_loop() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with device:
                pass
            assert far.recv(1) == b""
            with pytest.raises(DeviceGone):
                await device.read()

    asyncio.run(story())


@field_failure("closing a device does not wake who reads it", "gvalkov/python-evdev#248")
def test_who_waits_for_a_device_is_told_when_it_is_closed() -> None:
    async def story() -> None:
        device, far = plugged()
        with far:
            async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
                async with device:
                    waiting = tasks.create_task(say_what_ends(device))
                    await asyncio.sleep(0)
                assert await waiting == "scanner: closed"

    asyncio.run(story())


async def say_what_ends(device: InputDevice) -> str:
    try:
        await device.read()
    except DeviceGone as gone:
        return str(gone)
    return "nothing"


class Kernel:
    """Answers the requests of whoever opens a device node; another program may hold the device. `lights` are their bits."""

    F_GETFL = fcntl.F_GETFL

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.held = False
        self.lights = 0

    def ioctl(self, _fd: int, request: int, _argument: object = 0) -> int | bytes:
        self.asked.append(request)
        if self.held and request == EVIOCGRAB:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return self.lights.to_bytes(2, "little") if request == EVIOCGBIT_EV_LED else 0

    def fcntl(self, fd: int, request: int) -> int:
        return fcntl.fcntl(fd, request)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr("drivers.input_device.fcntl", kernel)
    return kernel


@field_failure("a busy grab leaves the till deaf", "donniebreve/touchcursor-linux#32")
def test_a_device_that_another_program_has_grabbed_is_not_opened_until_it_is_free(
    kernel: Kernel, tmp_path: Path
) -> None:
    node = tmp_path / "event0"
    node.touch()
    kernel.held = True
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(PortNotOpened, match="busy"):
            open_input_device(node)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    kernel.held = False
    os.close(open_input_device(node)._fd)


@field_failure("after a replug the keys go to the console again", "Narsil/rdev#42")
def test_each_opening_grabs_anew_and_before_anything_is_read(kernel: Kernel, tmp_path: Path) -> None:
    node = tmp_path / "event0"
    for openings in range(1, 4):
        node.write_bytes(RECORDS[0])
        device = open_input_device(node)
        assert kernel.asked.count(EVIOCGRAB) == kernel.asked.count(EVIOCSCLOCKID) == openings
        assert os.lseek(device._fd, 0, os.SEEK_CUR) == 0, "nothing was read"
        os.close(device._fd)
        node.unlink()


@pytest.mark.parametrize("path", ["/dev/null", "/nowhere/event0", "/"])
def test_what_is_no_input_device_is_not_opened(path: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(PortNotOpened, match=path):
        open_input_device(Path(path))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_grab_and_clock_requests_are_the_kernels() -> None:
    def request_to_write_an_int(number: int) -> int:
        return (1 << 30) | (4 << 16) | (ord("E") << 8) | number

    assert request_to_write_an_int(0x90) == EVIOCGRAB
    assert request_to_write_an_int(0xA0) == EVIOCSCLOCKID
    bits_of_lights = (2 << 30) | (2 << 16) | (ord("E") << 8) | (0x20 + keys.EV_LED)
    assert bits_of_lights == EVIOCGBIT_EV_LED


@pytest.mark.parametrize(("bits", "codes"), [(0, []), (0b1, [0]), (0b1_0111, [0, 1, 2, 4]), (1 << 8, [8])])
def test_a_keyboards_lights_are_those_that_the_kernel_names(
    kernel: Kernel, tmp_path: Path, bits: int, codes: list[int]
) -> None:
    kernel.lights = bits
    node = tmp_path / "event0"
    node.touch()
    device = open_input_device(node)
    if codes:
        assert device.lights is not None
        device.lights.switch(on=True)
        device.lights.close()
        records = [record[2:] for record in keys.EVENT.iter_unpack(node.read_bytes())]
        assert [code for kind, code, value in records if kind == keys.EV_LED and value] == codes
        assert [code for kind, code, value in records if kind == keys.EV_LED and not value] == codes
    else:
        assert device.lights is None
    os.close(device._fd)


def test_a_pads_light_is_switched_and_left_dark(tmp_path: Path) -> None:
    path = tmp_path / "event0"
    os.mkfifo(path)
    light = KeyLight(path)
    light.plug_in()

    async def story() -> None:
        async with open_input_device(path) as device:
            assert device.lights is not None
            assert device.lights.switch(on=True)
            assert device.lights.switch(on=False)
            assert device.lights.switch(on=True)
            assert await device.read(timeout_ms=10) == b"", "its keys are not its light"
        assert device.lights is None
        assert light.switched() == [True, False, True, False]

    asyncio.run(story())
    light.pull_out()


def test_a_pad_without_a_light_has_none(tmp_path: Path) -> None:
    path = tmp_path / "event0"
    os.mkfifo(path)

    async def story() -> None:
        async with open_input_device(path) as device:
            assert device.lights is None

    asyncio.run(story())


def test_lights_that_are_gone_say_so() -> None:
    near, far = os.pipe()
    os.close(near)
    lights = Lights(far, (0, 1, 2))
    assert not lights.switch(on=True)
    lights.close()
    assert not lights.switch(on=True)


def test_all_lights_that_a_keyboard_says_it_has_are_switched_together() -> None:
    near, far = os.pipe()
    lights = Lights(far, (0, 1, 4))
    assert lights.switch(on=True)
    written = list(keys.EVENT.iter_unpack(os.read(near, 4_096)))
    assert [record[2:] for record in written] == [
        (keys.EV_LED, 0, 1), (keys.EV_LED, 1, 1), (keys.EV_LED, 4, 1), (keys.EV_SYN, keys.SYN_REPORT, 0),
    ]  # fmt: skip
    lights.close()
    os.close(near)


def test_a_device_that_may_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "event0"
    os.mkfifo(path)
    real, tried = os.open, []

    def may_not_be_written(opened: Path, flags: int) -> int:
        tried.append(flags & os.O_ACCMODE)
        if flags & os.O_ACCMODE == os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(opened, flags)

    async def story() -> None:
        monkeypatch.setattr(os, "open", may_not_be_written)
        device = open_input_device(path)
        monkeypatch.undo()
        async with device:
            with path.open("wb") as writer:
                writer.write(RECORDS[0])
            assert await device.read() == RECORDS[0]
            assert device.lights is None

    asyncio.run(story())
    assert tried[:2] == [os.O_RDWR, os.O_RDONLY]
