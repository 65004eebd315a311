"""Exported journals of the corpus: good ones, and one for each way to be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire import cbor, cose, exported
from sync.wire.kinds import EntryKind, Role
from tests.vectors import samples
from tests.vectors.corpus_parts import (
    DEVICE_KEY,
    HEADER,
    ITEMS,
    OTHER,
    PURCHASE,
    SHORT,
    SLIM,
    STRANGER,
    TRUSTED,
    Case,
    broken,
    chain,
    delegated,
    flipped,
    flipped_in,
    header_of,
    journal,
    payload,
    public,
    resigned,
    sha,
    signed,
    slim_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED = PURCHASE.stored
LINES = STORED.lines or b""


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _good()
    yield from _files()
    yield from _credentials()
    yield from _spellings()
    yield from _values()
    yield from _signatures()
    yield from _lines()
    yield from _chains()


def _good() -> Iterator[Case]:
    every = [exported.journal_item(each.stored) for each in samples.JOURNAL]
    yield Case("journal-every-kind", journal(*every), "proven", "", "an entry of each kind")
    yield Case("journal-short", journal(*ITEMS), "proven", "", "five entries")
    bare = cbor.encode({0: exported.JOURNAL, 1: SLIM.to_cbor()})
    yield Case(
        "journal-bare-header",
        journal(*ITEMS, header=bare),
        "proven",
        "",
        "without delegations: the reader has them",
    )


def _files() -> Iterator[Case]:
    whole = journal(*ITEMS)
    yield Case("journal-empty-file", b"", "unreadable", "file", "no byte at all")
    yield Case("journal-other-file", b"%PDF-1.7\n", "unreadable", "file", "another kind of file")
    yield Case(
        "journal-other-magic",
        header_of(magic=b"sofreh-journal-9"),
        "unreadable",
        "file.header.magic",
        "a later format",
    )
    yield Case("journal-header-only", HEADER, "malformed", "entry 0", "no entry")
    yield Case("journal-header-cut", HEADER[:200], "malformed", "file.header", "ends inside the header")
    unsorted = b"\xa2\x01" + cbor.encode(SLIM.to_cbor()) + b"\x00" + cbor.encode(exported.JOURNAL)
    yield Case("journal-header-unsorted", unsorted, "malformed", "file.header.magic", "fields 1, 0")
    yield Case("journal-cut", whole[:-1], "malformed", "entry 4", "the last byte is missing")
    yield Case(
        "journal-cut-inside",
        whole[: len(HEADER) + len(ITEMS[0]) + 30],
        "malformed",
        "entry 1",
        "ends inside entry 1",
    )
    yield Case("journal-trailing", whole + b"\x00", "malformed", "entry 5", "a byte behind the last entry")
    yield Case("journal-item-of-three", broken(cbor.encode([STORED.payload, LINES, STORED.signature])), "malformed", "entry 3", "null left out")  # fmt: skip
    private = cbor.encode([STORED.payload, LINES, STORED.private, STORED.signature])
    yield Case("journal-private-part", broken(private), "malformed", "entry 3.private", "a private part, which is not for third parties")  # fmt: skip
    yield Case("journal-signature-short", broken(cbor.encode([STORED.payload, LINES, None, STORED.signature[:63]])), "malformed", "entry 3.signature", "63 bytes of signature")  # fmt: skip
    yield Case("journal-payload-text", broken(cbor.encode(["payload", None, None, bytes(64)])), "malformed", "entry 3.payload", "a text where bytes belong")  # fmt: skip
    yield Case(
        "journal-payload-oversized", broken(signed(bytes(4097))), "malformed", "entry 3.payload", "4097 bytes"
    )


def _credentials() -> Iterator[Case]:
    def with_slim(slim: bytes) -> bytes:
        return journal(*ITEMS, header=header_of(slim))

    whole = SLIM.to_cbor()
    yield Case(
        "journal-slim-flipped-shop",
        with_slim(flipped(whole, 4)),
        "bad_signature",
        "slim credential",
        "another shop",
    )
    yield Case("journal-slim-flipped-signature", with_slim(flipped(whole, -1)), "bad_signature", "slim credential", "a bit of its signature")  # fmt: skip
    yield Case("journal-slim-cut", with_slim(whole[:-1]), "malformed", "slim credential", "ends early")
    yield Case("journal-slim-stranger", with_slim(slim_of(key=STRANGER).to_cbor()), "bad_signature", "slim credential", "signed by a key that nobody delegated")  # fmt: skip
    yield Case("journal-slim-issuer-unknown", with_slim(slim_of(issuer=9).to_cbor()), "not_delegated", "slim credential", "names delegation 9")  # fmt: skip
    yield Case("journal-slim-issuer-role", with_slim(slim_of(issuer=3, key=samples.CARD_KEY).to_cbor()), "not_delegated", "slim credential", "signed by the card key")  # fmt: skip
    yield Case("journal-slim-other-device", with_slim(slim_of(public=OTHER.public).to_cbor()), "bad_signature", "entry 0", "the credential of another device's key")  # fmt: skip
    yield Case("journal-expired", with_slim(slim_of(until_s=samples.MORNING_S + 1).to_cbor()), "expired", "entry 1", "the credential ended before entry 1")  # fmt: skip
    stranger = delegated(samples.CREDENTIAL_KEY, Role.CREDENTIAL, 2, by=STRANGER)
    for name, message, finding, means in (
        ("stranger", stranger, "bad_signature", "a delegation by another root"),
        ("flipped", flipped(TRUSTED.messages[1], -1), "bad_signature", "a delegation with a flipped bit"),
        ("not-cose", b"\x80", "malformed", "a delegation that is no message"),
        ("version", _delegation_of_version(2), "unknown_version", "a delegation of version 2"),
    ):
        where = {"unknown_version": "delegation[0].version"}.get(finding, "delegation[0]")
        yield Case(
            f"journal-delegation-{name}",
            journal(*ITEMS, header=header_of(delegations=[message])),
            finding,
            where,
            means,
        )


def _delegation_of_version(version: int) -> bytes:
    made = replace(samples.DELEGATIONS[1], version=version)
    return cose.sign(made.to_cbor(), samples.ROOT, context="sofreh/delegation/1")


def _spellings() -> Iterator[Case]:
    """Each rightly signed: only the spelling is wrong."""
    policy = STORED.payload.index(b"\x07\xa8\x00\x02") + 2
    head, rest = STORED.payload[:policy], STORED.payload[policy + 2 :]
    tail = STORED.payload[1:]
    at = {
        "long-integer": (head + b"\x00\x18\x02" + rest, "entry 3.public.policy", "2 as 1802"),
        "long-length": (STORED.payload.replace(b"\x03\x58\x20", b"\x03\x59\x00\x20", 1), "entry 3.prev", "a length of 32 as 590020"),
        "float": (head + b"\x00\xf9\x40\x00" + rest, "entry 3.public.policy", "2.0"),
        "tag": (head + b"\x00\xc1\x02" + rest, "entry 3.public.policy", "a tagged 2"),
        "negative": (head + b"\x00\x20" + rest, "entry 3.public.policy", "-1"),
        "text": (head + b"\x00\x612" + rest, "entry 3.public.policy", 'the text "2"'),
        "null": (head + b"\x00\xf6" + rest, "entry 3.public.policy", "null"),
        "indefinite-map": (b"\xbf" + tail + b"\xff", "entry 3", "a map without a count"),
        "fields-unsorted": (STORED.payload[:1] + tail[2:6] + tail[:2] + tail[6:], "entry 3.version", "fields 1, 0"),
        "field-twice": (b"\xab\x00\x01" + tail, "entry 3", "field 0 twice"),
        "field-missing": (cbor.encode(payload(boot=...)), "entry 3.boot", "no field 6"),
        "field-unknown": (cbor.encode(payload() | {10: 0}), "entry 3", "a field 10"),
        "public-field-unknown": (cbor.encode(payload(public=public() | {8: 0})), "entry 3.public", "a field 8"),
        "public-field-missing": (cbor.encode(payload(public=public(number=...))), "entry 3.public", "no purchase number"),
        "bytes-left": (STORED.payload + b"\x00", "entry 3", "a byte behind the payload"),
        "payload-cut": (STORED.payload[:-1], "entry 3", "the payload's last byte is missing"),
    }  # fmt: skip
    for name, (data, where, means) in at.items():
        yield Case(f"journal-{name}", journal(*ITEMS[:3], signed(data, LINES)), "malformed", where, means)


def _values() -> Iterator[Case]:
    """Each rightly signed: only a value is out of bounds."""
    booted = samples.FACTS[EntryKind.BOOTED].to_value()
    leg = [1, 1, 1]
    for name, index, changed, where, means in (
        ("kind-reserved", 3, {"kind": 18}, "entry 3.kind", "kind 18 is reserved"),
        ("kind-unknown", 3, {"kind": 255}, "entry 3.kind", "there is no kind 255"),
        ("kind-other", 3, {"kind": 1}, "entry 3.public", "the public part of another kind"),
        ("number-over", 3, {"device": 2**53}, "entry 3.device", "2^53"),
        (
            "amount-over",
            3,
            {"public": public(total_rial=10**14 + 1)},
            "entry 3.public.total_rial",
            "more than 10^14 rial",
        ),
        (
            "grade-unknown",
            3,
            {"time": [samples.MORNING_S, 4, 4]},
            "entry 3.time.grade",
            "there is no grade 4",
        ),
        ("time-of-two", 3, {"time": [samples.MORNING_S, 4]}, "entry 3.time", "a time without its grade"),
        ("prev-short", 3, {"prev": bytes(31)}, "entry 3.prev", "31 bytes"),
        ("prev-null", 3, {"prev": None}, "entry 3.prev", "null"),
        ("legs-too-many", 3, {"public": public(legs=[leg] * 33)}, "entry 3.public.legs", "33 legs"),
        (
            "leg-of-four",
            3,
            {"public": public(legs=[[*leg, 1]])},
            "entry 3.public.legs[0]",
            "a leg of four numbers",
        ),
        ("text-too-long", 1, {"public": booted | {0: "v" * 41}}, "entry 1.public.version", "41 characters"),
        ("flag-number", 1, {"public": booted | {1: 1}}, "entry 1.public.clean", "1 for true"),
        ("public-array", 3, {"public": []}, "entry 3.public", "an array for a map"),
    ):
        yield Case(f"journal-{name}", resigned(index, **changed), "malformed", where, means)
    yield Case("journal-version", resigned(version=2), "unknown_version", "entry 3.version", "version 2")
    yield Case(
        "journal-not-utf-8", _not_utf_8(), "malformed", "entry 1.public.version", "a text that is not UTF-8"
    )


def _not_utf_8() -> bytes:
    spoiled = SHORT[1].stored.payload.replace(b"\x650.1.0", b"\x650.1.\xff")
    return journal(*ITEMS[:1], signed(spoiled))


def _signatures() -> Iterator[Case]:
    item = ITEMS[3]
    for name, part, at, means in (
        ("payload", STORED.payload, -40, "the private hash"),
        ("prev", PURCHASE.prev, 0, "prev"),
        ("amount", bytes.fromhex("021a004dd1e0"), -1, "the total"),
        ("signature", STORED.signature, 0, "the signature's first half"),
        ("signature-end", STORED.signature, -1, "the signature's second half"),
    ):
        yield Case(
            f"journal-flipped-{name}",
            broken(flipped_in(item, part, at)),
            "bad_signature",
            "entry 3",
            f"a bit of {means}",
        )
    yield Case(
        "journal-flipped-lines",
        broken(flipped_in(item, LINES, -1)),
        "bad_hash",
        "entry 3.lines",
        "a bit of the last line",
    )
    for name, data, means in (
        ("other-key", signed(STORED.payload, LINES, key=OTHER), "signed by another device"),
        ("other-kid", signed(STORED.payload, LINES, named=OTHER), "signed under another key id"),
        ("other-context", signed(STORED.payload, LINES, context="sofreh/mail/1"), "signed as mail"),
        ("no-signature", cbor.encode([STORED.payload, LINES, None, bytes(64)]), "64 zeros"),
        ("payload-only", _signed_plainly(), "signed without a Sig_structure"),
    ):
        yield Case(f"journal-{name}", broken(data), "bad_signature", "entry 3", means)


def _signed_plainly() -> bytes:
    return cbor.encode([STORED.payload, LINES, None, DEVICE_KEY.sign(STORED.payload)])


def _lines() -> Iterator[Case]:
    def with_lines(value: object) -> bytes:
        data = cbor.encode(value)
        return journal(*ITEMS[:3], signed(cbor.encode(payload(lines_hash=sha(data))), data))

    line = [1, 0, 0, 100, 1]
    yield Case("journal-lines-other", broken(signed(STORED.payload, cbor.encode([line]))), "bad_hash", "entry 3.lines", "other lines than were signed")  # fmt: skip
    yield Case(
        "journal-lines-missing",
        broken(signed(STORED.payload)),
        "bad_hash",
        "entry 3.lines",
        "a hash, but no lines",
    )
    yield Case(
        "journal-lines-unsigned", resigned(lines_hash=...), "bad_hash", "entry 3.lines", "lines, but no hash"
    )
    yield Case(
        "journal-lines-unit",
        with_lines([[1, 0, 3, 100, 1]]),
        "malformed",
        "entry 3.lines[0].unit",
        "there is no unit 3",
    )
    yield Case("journal-lines-gtin", with_lines([line, [1, 10**14, 0, 100, 1]]), "malformed", "entry 3.lines[1].gtin", "15 digits")  # fmt: skip
    yield Case("journal-lines-quantity", with_lines([[1, 0, 1, 100, 10**6 + 1]]), "malformed", "entry 3.lines[0].quantity", "more than a ton")  # fmt: skip
    yield Case("journal-lines-dear-unit", with_lines([[1, 0, 0, 10**14, 2], [1, 0, 3, 100, 1]]), "malformed", "entry 3.lines[1].unit", "the same, and behind it there is no unit 3")  # fmt: skip
    yield Case("journal-lines-dear", with_lines([line, [1, 0, 0, 10**14, 2]]), "malformed", "entry 3.lines[1]", "a line that costs more than an amount may be")  # fmt: skip
    yield Case("journal-lines-too-many", with_lines([line] * 100), "malformed", "entry 3.lines", "100 lines")
    yield Case(
        "journal-lines-long",
        with_lines([[*line, 0]]),
        "malformed",
        "entry 3.lines[0]",
        "six values in a line",
    )


def _chains() -> Iterator[Case]:
    closing = ITEMS[4]
    twin = exported.journal_item(chain(samples.draft(EntryKind.CASH_SALE), head=SHORT[2].next_head)[0].stored)
    yield Case("journal-gap", journal(*ITEMS[:3], closing), "gap", "entry 4", "entry 3 is missing", "gap", 4)
    yield Case("journal-headless", journal(*ITEMS[1:]), "gap", "entry 1", "entry 0 is missing")
    yield Case("journal-swapped", journal(*ITEMS[:2], ITEMS[3], ITEMS[2], closing), "gap", "entry 3", "entries 2 and 3 changed places")  # fmt: skip
    yield Case(
        "journal-duplicate",
        journal(*ITEMS[:4], ITEMS[3], closing),
        "duplicate",
        "entry 3",
        "entry 3 twice",
        "duplicate",
        3,
    )
    yield Case(
        "journal-fork",
        journal(*ITEMS[:4], twin),
        "fork",
        "entry 3",
        "two entries 3, both rightly signed",
        "fork",
        3,
    )
    yield Case("journal-other-branch", journal(*ITEMS[:3], twin, closing), "broken_chain", "entry 4", "entry 4 follows another entry 3")  # fmt: skip
    yield Case("journal-prev", resigned(prev=bytes(32)), "broken_chain", "entry 3", "names no entry")
    yield Case("journal-prev-of-signature", resigned(prev=sha(SHORT[2].stored.signature)), "broken_chain", "entry 3", "names the hash of a signature")  # fmt: skip
    yield Case(
        "journal-other-device",
        resigned(device=1002),
        "other_device",
        "entry 3",
        "says that it is of device 1002",
    )
    begun = chain(samples.draft(EntryKind.BOOTED))[0]
    yield Case(
        "journal-not-enrolled",
        journal(exported.journal_item(begun.stored)),
        "broken_chain",
        "entry 0",
        "begins with a start",
    )
    twice = chain(samples.draft(EntryKind.ENROLLED), samples.draft(EntryKind.ENROLLED))
    yield Case(
        "journal-enrolled-twice",
        journal(*(exported.journal_item(each.stored) for each in twice)),
        "broken_chain",
        "entry 1",
        "enrolls in the middle",
    )
    other_hash = cbor.encode(payload(SHORT[0], prev=bytes(32)))
    yield Case(
        "journal-other-credential",
        journal(signed(other_hash)),
        "broken_chain",
        "entry 0",
        "enrolled under two credentials",
    )
