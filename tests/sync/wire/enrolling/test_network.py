"""What the center lets pass of a shop's network is what the card takes, and nothing else."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from sync.wire.enrolling import network
from sync.wire.enrolling.provision import Apn, Secrets, Wifi
from sync.wire.errors import Malformed

CARD = runpy.run_path(
    str(Path(__file__).parents[4] / "image-build/image/package/usr/lib/sofreh/network.py"), run_name="card"
)


def card_takes(said: dict[str, str]) -> bool:
    try:
        CARD["wifi_of"](said)
        CARD["apn_of"](said)
    except CARD["NetworkRefused"]:
        return False
    return True


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"ssid": "s"},
        {"ssid": "ش" * 16},
        {"ssid": "x" * 32, "passphrase": "p" * 8},
        {"ssid": "x", "passphrase": "~ " * 31 + "!"},
        {"apn": "mtnirancell"},
        {"apn": "a" * 100, "user": "u@x-y.z_1", "password": "9" * 64},
    ],
)
def test_what_the_center_takes_the_card_takes(said: dict[str, str]) -> None:
    held = network.secrets_in(said)
    assert (held.wifi is not None, held.apn is not None) == ("ssid" in said, "apn" in said)
    assert card_takes(said)


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ({"ssid": "x" * 33}, "ssid"),
        ({"ssid": "ش" * 17}, "ssid"),
        ({"ssid": "x", "passphrase": "p" * 7}, "passphrase"),
        ({"ssid": "x", "passphrase": "p" * 64}, "passphrase"),
        ({"ssid": "x", "passphrase": "۱۲۳۴۵۶۷۸"}, "passphrase"),
        ({"ssid": "x", "passphrase": "12345678\n"}, "passphrase"),
        ({"apn": "a" * 101}, "apn"),
        ({"apn": "a b"}, "apn"),
        ({"apn": "a", "user": "u,v"}, "user"),
        ({"apn": "a", "password": "رمز"}, "password"),
    ],
)
def test_what_the_card_refuses_the_center_refuses(said: dict[str, str], key: str) -> None:
    with pytest.raises(Malformed) as refused:
        network.secrets_in(said)
    assert refused.value.where == key
    assert not card_takes(said)


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"passphrase": "12345678"}, "passphrase: belongs to ssid"),
        ({"user": "u"}, "user: belongs to apn"),
        ({"ssid": "x", "password": "12345678"}, "password: belongs to apn.*called passphrase"),
        ({"apn": "a", "password": "9" * 65}, "password: is not of 1 to 64"),
    ],
)
def test_what_the_card_would_pass_over_is_named(said: dict[str, str], match: str) -> None:
    with pytest.raises(Malformed, match=match):
        network.secrets_in(said)


def test_an_empty_text_is_none() -> None:
    said = dict.fromkeys(network.KEYS, "")
    assert network.secrets_in(said) == Secrets()
    open_ones = network.secrets_in(said | {"ssid": "s", "apn": "a"})
    assert open_ones == Secrets(wifi=Wifi(ssid="s", passphrase=""), apn=Apn(name="a", user="", password=""))
