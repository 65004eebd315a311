"""What a shop's first mail costs on the line: rules, list, the shop itself, and 500 households with an allowance each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import cose, mail
from sync.wire.exchange import ANSWER_CONTEXT, VERSION, ExchangeAnswer
from sync.wire.kinds import MailKind, Role
from tests.benchmarks.workload import NOW_S, PRODUCTS, RULES
from tests.fakes.paper_center import PaperCenter

if TYPE_CHECKING:
    from drivers.device_key import DeviceKey

HOUSEHOLDS = 500
CHUNK = 100
"""Households, or allowances, in one item, as the center sends them."""


def opening_day_bytes(key: DeviceKey) -> int:
    """Bytes of the signed answer that brings it all."""
    center = PaperCenter()
    identity = center.enroll(key, now_s=NOW_S)
    members = [center.member(number) for number in range(1, HOUSEHOLDS + 1)]
    items = center.rules(RULES, PRODUCTS)
    for at in range(0, HOUSEHOLDS, CHUNK):
        some = tuple(center.household(member, identity) for member in members[at : at + CHUNK])
        items.append(center.send(mail.Households(households=some), MailKind.HOUSEHOLDS))
    for at in range(0, HOUSEHOLDS, CHUNK):
        granted = tuple(center.allowance(member.household, 10_000_000) for member in members[at : at + CHUNK])
        items.append(center.send(mail.Allowances(allowances=granted), MailKind.ALLOWANCES))
    answer = ExchangeAnswer(
        version=VERSION, device=identity.device, nonce=bytes(16), epoch=1, statement=1, held=0,
        head=identity.credential_hash, mail=tuple(item.message for item in items), mail_last=len(items), now_s=NOW_S,
    )  # fmt: skip
    return len(cose.sign(answer.to_cbor(), center.keys[Role.MAIL], context=ANSWER_CONTEXT))
