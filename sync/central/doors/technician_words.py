"""The words of `sofreh-central` for enrollment without a network. Loaded with the command: no part of the center is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


class Kit(NamedTuple):
    """How the command makes an order's parser, and reads numbers and paths."""

    order: Callable[..., argparse.ArgumentParser]
    number: Callable[..., Callable[[str], int]]
    path: Callable[[str], str]
    path_or_text: Callable[[str], str]


def technician_orders(orders: Any, kit: Kit) -> None:
    """Add the words for a technician's trip to the command."""
    mandate = kit.order(
        orders, "mandate", "let a technician's laptop enroll devices where there is no network"
    )
    mandate.add_argument("shops", nargs="+", type=kit.number(), metavar="SHOP")
    mandate.add_argument(
        "--laptop", required=True, metavar="TEXT", help="what `sofreh-central laptop` shows there"
    )
    mandate.add_argument("--url", required=True, metavar="URL", help="where devices find this center")
    mandate.add_argument(
        "--file", required=True, type=kit.path, metavar="FILE.mandates", help="to be written"
    )
    mandate.add_argument(
        "--devices", type=kit.number(8, least=1), default=1, help="numbers a shop (default: %(default)s)"
    )
    mandate.add_argument(
        "--days", type=kit.number(31, least=1), default=3, help="to answer (default: %(default)s)"
    )
    mandate.add_argument(
        "--credential-days", type=kit.number(366, least=1), default=60,
        help="until when the center must have heard of the device (default: %(default)s)",
    )  # fmt: skip
    mandate.add_argument("--technician", metavar="NAME", help="stands on the shop's slip")
    mandate.add_argument(
        "--replaces", type=kit.number(), metavar="DEVICE", help="takes the place of this dead one"
    )
    mandate.add_argument(
        "--network", type=kit.path, metavar="FILE.toml", help="ssid, passphrase, apn, user, password"
    )
    introduce = kit.order(
        orders, "introduce", "take up what a technician has answered, from his laptop's file"
    )
    introduce.add_argument("file", type=kit.path, metavar="FILE")
    introduce.add_argument("--url", metavar="URL", help="on the laptop: send it to this center instead")
    laptop = kit.order(orders, "laptop", "on the laptop: make its keys, and show them for the center")
    laptop.add_argument("folder", type=kit.path, metavar="DIR")
    answer = kit.order(orders, "answer", "on the laptop: answer a till's request within the mandates in DIR")
    answer.add_argument("folder", type=kit.path, metavar="DIR")
    answer.add_argument(
        "request", type=kit.path_or_text, metavar="REQUEST", help="Q1:... or a file or photo of it"
    )
    answer.add_argument("--shop", type=kit.number(), help="where the mandates are for several")
    answer.add_argument(
        "--replaces", type=kit.number(), metavar="DEVICE",
        help="the mandate to be used is the one that takes the place of this dead one; 0: of none",
    )  # fmt: skip
    answer.add_argument(
        "--network", type=kit.path, metavar="FILE.toml", help="ssid, passphrase, apn, user, password"
    )
    answer.add_argument(
        "--stick", type=kit.path, metavar="PATH", help="also write it here, with the till's first mail"
    )
