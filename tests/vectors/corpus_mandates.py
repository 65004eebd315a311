"""Receipts of the corpus from a device that a technician enrolled under a mandate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire import base45, cbor, credential, receipt_qr
from tests.vectors import samples
from tests.vectors.corpus_parts import STRANGER, Case

if TYPE_CHECKING:
    from collections.abc import Iterator

RECEIPT = receipt_qr.to_qr(samples.PURCHASE_ENTRY, samples.SLIM)
RECEIPT_VALUE = cbor.decode(base45.decode(RECEIPT[3:], where="receipt"), where="receipt", bytes_max=2048)


def cases() -> Iterator[Case]:
    """All of them."""
    good = samples.MANDATED_SLIM
    mandate = samples.SLIM_MANDATE

    def under(given: credential.SlimMandate, **changed: int) -> object:
        whole = replace(samples.MANDATED, **changed)
        return credential.slim_under(whole, given, key=samples.LAPTOP_KEY).to_value()

    def receipt(slim: object) -> bytes:
        return (receipt_qr.PREFIX + base45.encode(cbor.encode([*RECEIPT_VALUE[:9], slim]))).encode()

    def leave(
        *, issuer: int = 2, shop: int = samples.SHOP, key: samples.SeedKey = samples.CREDENTIAL_KEY
    ) -> credential.SlimMandate:
        return credential.slim_mandate(
            device=samples.DEVICE, shop=shop, public=samples.LAPTOP_KEY.public, until_s=samples.MANDATED_UNTIL_S, issuer=issuer, key=key
        )  # fmt: skip

    value = good.to_value()
    longer = replace(samples.MANDATED, until_s=samples.MANDATED_UNTIL_S + 1)
    by_stranger = credential.slim_under(samples.MANDATED, mandate, key=STRANGER).to_value()
    for name, slim, expected, where, means in (
        ("mandated", value, "proven", "", "under a mandate, which stands in place of the issuer's number"),
        ("mandate-shop", under(leave(shop=8)), "bad_signature", "slim mandate", "a mandate for another shop"),
        ("mandate-device", under(mandate, device=1002), "bad_signature", "slim mandate", "a mandate for another device"),
        ("mandate-longer", credential.slim_under(longer, mandate, key=samples.LAPTOP_KEY).to_value(), "expired", "slim credential", "holds a second longer than its mandate allows"),
        ("mandate-issuer", under(leave(issuer=9)), "not_delegated", "slim mandate", "a mandate by delegation 9"),
        ("mandate-role", under(leave(issuer=5, key=samples.MAIL_KEY)), "not_delegated", "slim mandate", "a mandate by the mail key"),
        ("mandate-stranger", under(leave(key=STRANGER)), "bad_signature", "slim mandate", "a mandate by a key that nobody delegated"),
        ("mandate-other-key", by_stranger, "bad_signature", "slim credential", "issued by a key that the mandate does not name"),
        ("mandate-as-number", [*value[:4], 2, value[5]], "bad_signature", "slim credential", "the mandate taken away"),
        ("mandate-cut", [*value[:4], value[4][:3], value[5]], "malformed", "receipt.slim.issuer", "a mandate without its signature"),
    ):  # fmt: skip
        yield Case(f"receipt-{name}", receipt(slim), expected, where, means)
