"""Mail, receipts and cards of the corpus: good ones, and one for each way to be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.wire import base45, card, cbor, cose, document, entry, exported, mail, receipt_qr
from sync.wire.kinds import EntryKind, MailKind, Role
from sync.wire.mail import MailHead
from tests.vectors import samples
from tests.vectors.corpus_parts import (
    DEVICE_KEY,
    OTHER,
    SLIM,
    STRANGER,
    TRUSTED,
    Case,
    flipped,
    letter,
    mailbag,
    slim_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BAG = samples.MAILBOX
LAST = MailHead(BAG[4].number, BAG[4].hash)
"""The item before the revocation, which stands for all that is not a document."""
RECEIPT = receipt_qr.to_qr(samples.PURCHASE_ENTRY, SLIM)
RECEIPT_VALUE = cbor.decode(base45.decode(RECEIPT[3:], where="receipt"), where="receipt", bytes_max=2048)
CARD_VALUE = samples.CARD.to_value()


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _mail()
    yield from _documents()
    yield from _changes()
    yield from _receipts()
    yield from _base45()
    yield from _cards()


def _mail() -> Iterator[Case]:
    messages = [each.message for each in BAG]
    yield Case("mail-every-kind", mailbag(*messages), "proven", "", "an item of each kind, from item 1 on")
    yield Case("mail-later", mailbag(*messages[5:], after=LAST), "proven", "", "from item 6 on")

    def item(body: Any = None, kind: int = MailKind.REVOCATION, **changed: Any) -> bytes:
        made = letter(
            changed.pop("number", 6),
            changed.pop("prev", LAST.hash),
            kind,
            {0: [1]} if body is None else body,
            **changed,
        )
        return mailbag(made, after=LAST)

    parts = cbor.decode(messages[5], where="", bytes_max=1 << 20)
    for name, data, expected, where, means in (
        ("nothing", mailbag(), "malformed", "mail 1", "no item"),
        ("cut", mailbag(*messages)[:-1], "malformed", "mail 12", "the last byte is missing"),
        ("before-cut", exported.header(exported.MAIL, SLIM, TRUSTED), "malformed", "before", "nothing behind the header"),
        ("item-array", mailbag() + b"\x80", "malformed", "mail 1", "an array for the item's bytes"),
        ("flipped-payload", mailbag(flipped(messages[0], 40)), "bad_signature", "mail 1", "a bit of the payload"),
        ("flipped-signature", mailbag(flipped(messages[0], -1)), "bad_signature", "mail 1", "a bit of the signature"),
        ("card-key", item(key=samples.CARD_KEY), "not_delegated", "mail 6", "signed by the card key"),
        ("stranger", item(key=STRANGER), "not_delegated", "mail 6", "signed by a key that nobody delegated"),
        ("other-context", item(context="sofreh/exchange-answer/1"), "bad_signature", "mail 6", "signed as an answer"),
        ("algorithm", mailbag(cbor.encode([cbor.encode({1: -7, 4: parts[0][-8:]}), *parts[1:]]), after=LAST), "bad_signature", "mail 6", "an algorithm that is not the key's"),
        ("header-order", mailbag(cbor.encode([parts[0][:1] + parts[0][3:] + parts[0][1:3], *parts[1:]]), after=LAST), "malformed", "mail 6.protected", "header fields 4, 1"),
        ("version", item(version=2), "unknown_version", "mail 6.version", "version 2"),
        ("other-device", item(device=1002), "other_device", "mail 6", "is for device 1002"),
        ("gap", mailbag(*messages[:2], messages[3]), "broken_chain", "mail 3", "item 3 is missing"),
        ("twice", mailbag(*messages[:2], messages[1]), "broken_chain", "mail 3", "item 2 twice"),
        ("before", mailbag(messages[5], after=MailHead(5, bytes(32))), "broken_chain", "mail 6", "does not follow the item before the file"),
        ("number", item(number=7), "broken_chain", "mail 6", "item 7 names item 5"),
        ("prev", item(prev=bytes(32)), "broken_chain", "mail 6", "names no item"),
        ("kind-reserved", item(kind=11), "malformed", "mail 6.kind", "kind 11 is reserved"),
        ("body-other", item(kind=MailKind.SETTLEMENT), "malformed", "mail 6.body", "the body of another kind"),
        ("body-number", item({0: [2**53]}), "malformed", "mail 6.body.cards[0]", "2^53"),
        ("body-too-many", item({0: [1] * 2001}), "malformed", "mail 6.body.cards", "2001 cards"),
        ("verdict-unknown", item({0: 0, 1: 9, 2: [[3, 16]]}, MailKind.VERDICTS), "malformed", "mail 6.body.exceptions[0].verdict", "there is no verdict 16"),
        ("tag-over", item({0: [{0: 1, 1: 1, 2: 1 << 20, 3: [], 4: bytes(16), 5: []}]}, MailKind.HOUSEHOLDS), "malformed", "mail 6.body.households[0].tag", "a tag of 21 bits"),
    ):  # fmt: skip
        yield Case(f"mail-{name}", data, expected, where, means)


def _documents() -> Iterator[Case]:
    def bag(kind: MailKind, document: bytes) -> bytes:
        return mailbag(letter(1, samples.CREDENTIAL_HASH, kind, {0: document}))

    policy = samples.POLICY.to_value()
    key = samples.DELEGATED[Role.POLICY]
    for name, kind, value, signer, context, expected, where, means in (
        ("policy-key", 1, policy, samples.MAIL_KEY, "sofreh/policy/1", "not_delegated", "mail 1.policy", "a policy by the mail key"),
        ("policy-as-catalog", 2, policy, key, "sofreh/policy/1", "bad_signature", "mail 1.catalog", "a policy in place of a list"),
        ("policy-percent", 1, policy | {12: 101}, key, "sofreh/policy/1", "malformed", "mail 1.policy.usual_shop_percent", "101 percent"),
        ("catalog-gtin", 2, {0: 1, 1: [[10**14, 1, "x", 0]]}, key, "sofreh/catalog/1", "malformed", "mail 1.catalog.products[0].gtin", "15 digits"),
    ):  # fmt: skip
        document = cose.sign(cbor.encode(value), signer, context=context)
        yield Case(f"mail-{name}", bag(MailKind(kind), document), expected, where, means)


def _changes() -> Iterator[Case]:
    """Lists that come as what changed."""
    key = samples.DELEGATED[Role.POLICY]
    first, second = (
        cose.sign(
            cbor.encode({0: version, 1: [[10**12 + n, 1, f"product {n}", 0] for n in range(1, last)]}),
            key,
            context="sofreh/catalog/1",
        )
        for version, last in ((1, 12), (2, 13))
    )
    body = document.changed_document(second, first).to_value()

    def bag(changed: dict[int, Any]) -> bytes:
        one = letter(1, samples.CREDENTIAL_HASH, MailKind.CATALOG, {0: first})
        head = mail.reopen(one, samples.FIRST_MAIL_HEAD, TRUSTED, device=samples.DEVICE).head
        return mailbag(one, letter(2, head.hash, MailKind.CATALOG, changed))

    yield Case("mail-changed", bag(body), "proven", "", "a list, and what changed since")
    alone = letter(6, LAST.hash, MailKind.CATALOG, body)
    yield Case(
        "mail-changed-alone",
        mailbag(alone, after=LAST),
        "proven",
        "",
        "what changed since a list that is not here",
    )
    where = "mail 2.catalog"
    beside = document.changed_document(second, first).message.replace(b"\xa0\x40", b"\xa0\x41\x00")
    for name, changed, expected, means in (
        ("other", body | {1: bytes(32)}, "bad_hash", "changes another list than the one before"),
        (
            "steps",
            body | {2: [[0, 4, b""]]},
            "bad_signature",
            "other changes than those of the list that was signed",
        ),
        ("reach", body | {2: [[0, 10**6, b""]]}, "malformed", "a step that takes more than there is"),
        ("size", body | {2: [[0, 200, b""]] * 6000}, "malformed", "more than 1 MiB comes of it"),
        ("beside", body | {0: beside}, "malformed", "changes beside a payload"),
        ("of-nothing", {0: body[0], 2: body[2]}, "malformed", "changes of nothing"),
        ("nothing", {0: body[0], 1: body[1]}, "malformed", "nothing changed"),
    ):
        yield Case(f"mail-changed-{name}", bag(changed), expected, where, means)


def _qr(value: object, prefix: str = "R1:") -> bytes:
    return (prefix + base45.encode(value if isinstance(value, bytes) else cbor.encode(value))).encode()


def _receipts() -> Iterator[Case]:
    yield Case("receipt-lines", RECEIPT.encode(), "proven", "", "a purchase with its lines")
    yield Case("receipt-line-end", RECEIPT.encode() + b"\r\n", "proven", "", "the same as a line of text")
    yield Case(
        "receipt-two-line-ends", RECEIPT.encode() + b"\r\n\r\n", "proven", "", "line ends are no part of it"
    )
    yield Case(
        "receipt-line-end-before", b"\n" + RECEIPT.encode(), "unreadable", "file", "a line end before it"
    )
    yield Case(
        "receipt-blank-line",
        RECEIPT.encode() + b"\n \n",
        "malformed",
        "receipt",
        "a line with a blank behind it",
    )
    mark = b"\xef\xbb\xbf"
    yield Case(
        "receipt-mark", mark + RECEIPT.encode() + b"\n", "proven", "", "a byte order mark is no part of it"
    )
    yield Case("receipt-two-marks", 2 * mark + RECEIPT.encode(), "unreadable", "file", "one mark too many")
    void = next(each for each in samples.JOURNAL if each.kind is EntryKind.VOID)
    yield Case(
        "receipt-void", receipt_qr.to_qr(void, SLIM).encode(), "proven", "", "a void, which has no lines"
    )
    hashed = [*RECEIPT_VALUE[:6], samples.PURCHASE_ENTRY.stored.payload[-67:-35], *RECEIPT_VALUE[7:]]
    yield Case("receipt-hash", _qr(hashed), "proven", "", "a purchase with the hash of its lines")

    def changed(at: int, to: object) -> bytes:
        return _qr([*RECEIPT_VALUE[:at], to, *RECEIPT_VALUE[at + 1 :]])

    other_slim = slim_of(device=1002, public=OTHER.public).to_value()
    cbor_bytes = cbor.encode(RECEIPT_VALUE)
    expired = slim_of(until_s=RECEIPT_VALUE[3][0] - 1).to_value()
    for name, data, expected, where, means in (
        ("other-device", changed(9, other_slim), "bad_signature", "receipt 1002-8", "with another device's credential"),
        ("expired", changed(9, expired), "expired", "receipt", "made a second after its credential had ended"),
        ("issuer-unknown", changed(9, slim_of(issuer=9).to_value()), "not_delegated", "slim credential", "names delegation 9"),
        ("issuer-role", changed(9, slim_of(issuer=5, key=samples.MAIL_KEY).to_value()), "not_delegated", "slim credential", "credential by the mail key"),
        ("stranger", changed(9, slim_of(key=STRANGER).to_value()), "bad_signature", "slim credential", "credential by a key that nobody delegated"),
        ("no-slim", changed(9, None), "malformed", "receipt.slim", "no credential"),
        ("amount", changed(5, RECEIPT_VALUE[5] | {2: 5_100_001}), "bad_signature", "receipt 1001-8", "another total"),
        ("time", changed(3, [RECEIPT_VALUE[3][0] + 60, 4, 3]), "bad_signature", "receipt 1001-8", "a minute later"),
        ("sequence", changed(0, 9), "bad_signature", "receipt 1001-9", "another number"),
        ("line", changed(6, [[1, 0, 0, 100, 1]]), "bad_signature", "receipt 1001-8", "another basket"),
        ("line-malformed", changed(6, [[1, 0, 7, 100, 1]]), "malformed", "receipt.lines[0].unit", "there is no unit 7"),
        ("lines-null", changed(6, None), "bad_signature", "receipt 1001-8", "the lines left out"),
        ("lines-hash", changed(6, bytes(32)), "bad_signature", "receipt 1001-8", "another hash of the lines"),
        ("private-hash", changed(7, bytes(32)), "bad_signature", "receipt 1001-8", "another private hash"),
        ("signature", changed(8, flipped(RECEIPT_VALUE[8], 63)), "bad_signature", "receipt 1001-8", "a bit of the signature"),
        ("kind", changed(2, 12), "malformed", "receipt.public", "a refund's number before a purchase"),
        ("kind-unknown", changed(2, 23), "malformed", "receipt.kind", "there is no kind 23"),
        ("of-nine", _qr(RECEIPT_VALUE[:9]), "malformed", "receipt", "nine parts"),
        ("long-integer", _qr(cbor_bytes[:1] + b"\x18\x08" + cbor_bytes[2:]), "malformed", "receipt.sequence", "8 as 1808"),
        ("bytes-left", _qr(cbor_bytes + b"\x00"), "malformed", "receipt", "a byte behind it"),
        ("cut", _qr(cbor_bytes[:-1]), "malformed", "receipt", "the last byte is missing"),
        ("oversized", _qr(bytes(2049)), "malformed", "receipt", "2049 bytes"),
        ("nothing", b"R1:", "malformed", "receipt", "nothing behind R1:"),
    ):  # fmt: skip
        yield Case(f"receipt-{name}", data, expected, where, means)
    wrong = DEVICE_KEY.sign(
        cose.to_be_signed(samples.PURCHASE_ENTRY.stored.payload, public=OTHER.public, context=entry.CONTEXT)
    )
    yield Case(
        "receipt-other-kid",
        changed(8, wrong),
        "bad_signature",
        "receipt 1001-8",
        "signed under another key id",
    )


def _base45() -> Iterator[Case]:
    text = RECEIPT.encode()
    for name, data, expected, where, means in (
        ("lower-case", text.lower(), "unreadable", "file", "in small letters"),
        ("other-prefix", b"R2:" + text[3:], "unreadable", "file", "a later format"),
        ("character", text[:-1] + b"_", "malformed", "receipt", "a character that base45 has not"),
        ("not-ascii", text + "۰".encode(), "malformed", "receipt", "a Persian digit behind it"),
        ("group", text[:3] + b":::" + text[6:], "malformed", "receipt", "a group over 65535"),
        ("length", text + b"0", "malformed", "receipt", "a character is left over"),
        ("two-lines", text[:99] + b"\n" + text[99:], "malformed", "receipt", "broken into two lines"),
        ("text-oversized", b"R1:" + b"0" * 8190, "malformed", "receipt", "8193 characters"),
    ):
        yield Case(f"receipt-{name}", data, expected, where, means)


def _cards() -> Iterator[Case]:
    yield Case("card-good", card.to_qr(samples.CARD).encode(), "proven", "", "a card")

    def changed(at: int, to: object) -> bytes:
        return _qr([*CARD_VALUE[:at], to, *CARD_VALUE[at + 1 :]], "C1:")

    by_stranger = card.issue(
        number=90_001, until_s=samples.UNTIL_S, secret=samples.CARD_SECRET, issuer=3, key=STRANGER
    )
    for name, data, expected, where, means in (
        ("number", changed(0, 90_002), "bad_signature", "card", "another number"),
        ("until", changed(1, samples.UNTIL_S + 1), "bad_signature", "card", "a second longer"),
        ("secret", changed(2, bytes(16)), "bad_signature", "card", "another secret"),
        (
            "signature",
            changed(4, flipped(CARD_VALUE[4], 0)),
            "bad_signature",
            "card",
            "a bit of the signature",
        ),
        ("issuer-unknown", changed(3, 9), "not_delegated", "card", "names delegation 9"),
        ("issuer-role", changed(3, 1), "not_delegated", "card", "names the policy key's delegation"),
        (
            "stranger",
            _qr(by_stranger.to_cbor(), "C1:"),
            "bad_signature",
            "card",
            "signed by a key that nobody delegated",
        ),
        ("secret-short", changed(2, bytes(15)), "malformed", "card.secret", "15 bytes of secret"),
        ("of-six", _qr([*CARD_VALUE, 0], "C1:"), "malformed", "card", "six parts"),
        (
            "bytes-left",
            _qr(cbor.encode(CARD_VALUE) + b"\x00", "C1:"),
            "malformed",
            "card",
            "a byte behind it",
        ),
        ("oversized", _qr(bytes(257), "C1:"), "malformed", "card", "257 bytes"),
        ("group", b"C1:ZZZ", "malformed", "card", "a group over 65535"),
    ):
        yield Case(f"card-{name}", data, expected, where, means)
