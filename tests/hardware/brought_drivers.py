"""Drivers that no card has, brought into a running one: for a watchdog and a radio that only an emulated machine has.

They are of the very kernel package that the image is made from. Nothing of the card is changed: they are in its memory.

Source: Linux `Documentation/networking/mac80211_hwsim`; wpa_supplicant.conf(5), `mode=2`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from debian.archive import PartMissing
from debian.kernel import Kernel
from image.build import cache_folder
from image.lock import fetch, read_lock

if TYPE_CHECKING:
    from lab.guest import Guest
    from tests.hardware.card_machine import CardTill

WATCHDOG = ("i6300esb",)
RADIOS = ("ccm", "cmac", "gcm", "mac80211_hwsim")
"""The kernel's own, with what a real one's chip computes."""
_FOLDER = "/run/drivers"
_ACCESS_POINT = """\
ap_scan=2
network={{
    ssid="{name}"
    mode=2
    frequency=2412
    key_mgmt=WPA-PSK
    proto=RSN
    pairwise=CCMP
    psk="{passphrase}"
}}
"""


async def bring_drivers(till: CardTill, *names: str) -> None:
    """Load kernel modules that are not on the card, with those that they need. Skips the test without the kernel's package."""
    for name, content in (await asyncio.to_thread(_modules, names)).items():
        await till.guest.put(f"{_FOLDER}/{name}.ko", content)
        # One that the card has itself is loaded already, or loads as well.
        line = f"grep -q '^{name} ' /proc/modules || insmod {_FOLDER}/{name}.ko"
        await till.does("busybox", "sh", "-c", line)


async def open_access_point(guest: Guest, *, name: str, passphrase: str) -> None:
    """Let the second radio be a shop's Wi-Fi."""
    await guest.put("/run/point.conf", _ACCESS_POINT.format(name=name, passphrase=passphrase).encode())
    line = ("wpa_supplicant", "-i", "wlan1", "-D", "nl80211", "-c", "/run/point.conf")
    point = guest.start(*line)
    await point.until(lambda: any("AP-ENABLED" in said for said in point.said), what="the access point")


def _modules(names: tuple[str, ...]) -> dict[str, bytes]:
    (kernel,) = [package for package in read_lock().card if package.is_kernel]
    try:
        files = fetch([kernel], cache_folder() / "packages", lambda _: None)
    except PartMissing as error:
        pytest.skip(str(error))
    return Kernel(files[kernel]).modules(names)
