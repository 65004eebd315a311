"""What may be said of a shop's network, so that the appliance can use it: the rules of the program that takes it on the card,
asked before anything is signed, for there a refusal comes too late and where nobody reads it.

    ssid          1 to 32 bytes of UTF-8
    passphrase    8 to 63 printable ASCII characters; none for an open network; belongs to `ssid`
    apn           1 to 100 letters, digits and . _ @ -
    user, password   the same, to 64; belong to `apn`, which may do without

Source: IEEE 802.11-2020 J.4; the card's own rules (image-build/image/package/usr/lib/sofreh/network.py), with which a test
compares these.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sync.wire.enrolling.provision import Apn, Secrets, Wifi
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = ("ssid", "passphrase", "apn", "user", "password")
SSID_BYTES_MAX = 32
_PASSPHRASE = re.compile(r"[ -~]{8,63}")
_PLAIN = re.compile(r"[A-Za-z0-9._@-]+")
_APN_MAX = {"apn": 100, "user": 64, "password": 64}


def secrets_in(said: Mapping[str, str]) -> Secrets:
    """Texts by the names of `KEYS`; an empty one is as none. Raises: Malformed, which names the key."""
    given = {key: text for key, text in said.items() if text}
    for key, owner, hint in (
        ("passphrase", "ssid", ""), ("user", "apn", ""), ("password", "apn", "; a Wi-Fi's is called passphrase"),
    ):  # fmt: skip
        if key in given and owner not in given:
            raise Malformed(key, f"belongs to {owner}, which is not given{hint}")
    return Secrets(wifi=_wifi(given), apn=_apn(given))


def _wifi(given: Mapping[str, str]) -> Wifi | None:
    if "ssid" not in given:
        return None
    ssid, passphrase = given["ssid"], given.get("passphrase", "")
    if len(ssid.encode()) > SSID_BYTES_MAX:
        raise Malformed("ssid", f"is longer than {SSID_BYTES_MAX} bytes")
    if passphrase and not _PASSPHRASE.fullmatch(passphrase):
        raise Malformed("passphrase", "is not of 8 to 63 printable ASCII characters; Persian digits are none")
    return Wifi(ssid=ssid, passphrase=passphrase)


def _apn(given: Mapping[str, str]) -> Apn | None:
    if "apn" not in given:
        return None
    for key, most in _APN_MAX.items():
        text = given.get(key, "")
        if text and (len(text) > most or not _PLAIN.fullmatch(text)):
            raise Malformed(key, f"is not of 1 to {most} letters a to z, digits and . _ @ -")
    return Apn(name=given["apn"], user=given.get("user", ""), password=given.get("password", ""))
