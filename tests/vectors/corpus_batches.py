"""Batches of the corpus: good ones, and one for each way to be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.wire import cbor, cose, entry, exported
from sync.wire.batches.batch import BATCH_BYTES_MAX
from sync.wire.batches.batch_tables import Buyer, Dictionary, Granted, Thing
from sync.wire.batches.columns import column, folded, pressed
from sync.wire.kinds import EntryKind, Unit
from tests.vectors import samples
from tests.vectors.batch_parts import (
    MARKET,
    batch,
    batch_of,
    batch_of_rows,
    checks,
    columns_of,
    of_rows,
    packed,
    payloads,
    request,
    row,
    spread,
)
from tests.vectors.corpus_parts import (
    DEVICE_KEY,
    OTHER,
    SHORT,
    SLIM,
    TRUSTED,
    Case,
    chain,
    flipped,
    sha,
    slim_of,
)
from tests.vectors.plain_lzma import plain_lzma

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_OF_BATCH = exported.header(exported.BATCH, SLIM, TRUSTED)
ROWS = [row(each) for each in SHORT]
SIGNATURES = b"".join(each.stored.signature for each in MARKET)
PRIVATE = [each.sequence for each in MARKET if each.private]
COLUMNS = columns_of(packed(MARKET), first=0)
KNOWN = Dictionary(
    things=(
        Thing(gtin=0, good=8, unit=Unit.GRAM, price_rial=1_234_500),
        Thing(gtin=6_260_000_000_014, good=1, unit=Unit.PIECE, price_rial=350_000),
    ),
    buyers=tuple(
        Buyer(
            household=household,
            card=90_000 + household - 510,
            allowances=tuple(
                Granted(allowance=3001 + 2 * (household - 510) + nth, amount_rial=90_000_000)
                for nth in (0, 1)
            ),
        )
        for household in (510, 511, 513)
    ),
)
"""What the market's center may have known before."""


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _good()
    yield from _files()
    yield from _forms()
    yield from _rows()
    yield from _columns()
    yield from _dictionaries()
    yield from _requests()


def _good() -> Iterator[Case]:
    for name, data, means in (
        ("every-kind", batch_of(samples.JOURNAL), "an entry of each kind, from entry 0 on"),
        ("rows", batch_of_rows(samples.JOURNAL), "the same, each as it was written"),
        ("later", batch_of(SHORT[2:]), "from entry 2 on"),
        ("market", batch_of(MARKET), "forty purchases in columns, by card and by code, in two blocks"),
        ("lean", batch_of(MARKET, packed_lean=True), "the same with the signature of the last entry alone"),
        ("dictionary", batch_of(MARKET, KNOWN), "the same, where some things and buyers are known"),
        ("one", batch_of(MARKET[5:6], packed_lean=True), "a single purchase"),
        ("empty", batch(b""), "a request without entries"),
    ):
        yield Case(f"batch-{name}", data, "proven", "", means)


def _of(data: bytes, **changed: Any) -> bytes:
    return batch(data, private=changed.pop("private", (3,)), **changed)


def _files() -> Iterator[Case]:
    whole = _of(packed(SHORT))
    enrolled, booted = samples.draft(EntryKind.ENROLLED), samples.draft(EntryKind.BOOTED)
    for name, data, expected, where, means in (
        ("cut", whole[:-1], "malformed", "blinds", "the last byte is missing"),
        ("trailing", whole + b"\x00", "malformed", "dictionary", "a byte behind the blinds"),
        ("header-only", HEAD_OF_BATCH, "malformed", "request", "no request"),
        ("request-array", HEAD_OF_BATCH + b"\x80\x80", "malformed", "request", "an array for the request's bytes"),
        ("blind-missing", _of(packed(SHORT), private=()), "malformed", "blinds", "no blind for a private part"),
        ("blind-extra", _of(packed(SHORT), private=(3, 4)), "malformed", "blinds", "a blind without a private part"),
        ("blind-other", _of(packed(SHORT), private=(4,)), "bad_hash", "entries 0 to 4", "the blind of another entry"),
        ("blind-short", whole[:-18] + b"\x81\x4f" + bytes(15), "malformed", "blinds[0]", "15 bytes"),
        ("first-number", _of(packed(SHORT), base=entry.Head(1, samples.CREDENTIAL_HASH), private=(4,)), "bad_hash", "entries 1 to 5", "begins at the wrong number"),
        ("first-prev", _of(packed(SHORT), base=entry.Head(0, bytes(32))), "bad_hash", "entries 0 to 4", "begins at the wrong hash"),
        ("enrolled-twice", batch_of(chain(enrolled, enrolled)), "broken_chain", "entry 1", "enrolls in the middle"),
        ("not-enrolled", batch_of(chain(booted)), "broken_chain", "entry 0", "begins with a start"),
        ("expired", whole.replace(SLIM.to_cbor(), slim_of(until_s=samples.MORNING_S + 61).to_cbor()), "expired", "entry 2", "the credential ended before entry 2"),
    ):  # fmt: skip
        yield Case(f"batch-{name}", data, expected, where, means)


def _forms() -> Iterator[Case]:
    """What stands around the columns."""
    columns = plain_lzma(spread(packed(SHORT)))
    signatures = b"".join(each.stored.signature for each in SHORT)
    market = b"".join(each.stored.signature for each in MARKET)
    for name, data, expected, where, means in (
        ("array", _of(b"\x80"), "malformed", "batch", "an array for a batch"),
        ("field-unknown", _of(packed(SHORT, unknown=0)), "malformed", "batch", "a field that there is not"),
        ("count-zero", _of(packed(SHORT, count=0)), "malformed", "batch.count", "no entry, and yet a batch"),
        ("count-201", _of(packed(SHORT, count=201)), "malformed", "batch.count", "201 entries"),
        ("count-less", _of(packed(SHORT, count=4, signatures=signatures[:-64])), "malformed", "batch.sizes", "one entry fewer than there are"),
        ("checks-short", _of(packed(SHORT, checks=bytes(7))), "malformed", "batch.checks", "7 bytes for a block"),
        ("checks-one", batch_of(MARKET, checks=bytes(8)), "malformed", "batch.checks", "one check for two blocks"),
        ("check-first", batch_of(MARKET, checks=flipped(checks([each.stored.payload for each in MARKET]), 0)), "bad_hash", "entries 0 to 31", "a bit of the first block's check"),
        ("check-last-signature", batch_of(MARKET, checks=flipped(checks([each.stored.payload for each in MARKET]), -1), signatures=flipped(SIGNATURES, 3 * 64)), "bad_signature", "entry 3", "that, behind a signature that does not hold"),
        ("check-last", batch_of(MARKET, checks=flipped(checks([each.stored.payload for each in MARKET]), -1)), "bad_hash", "entries 32 to 42", "a bit of the last block's check"),
        ("signatures-short", _of(packed(SHORT, signatures=signatures[:-1])), "malformed", "batch.signatures", "a byte is missing"),
        ("signatures-lean", _of(packed(SHORT, lean=True)), "malformed", "batch.signatures", "lean, with all signatures"),
        ("signatures-full", _of(packed(SHORT, signatures=signatures[-64:])), "malformed", "batch.signatures", "full, with one signature"),
        ("signature-of-another", _of(packed(SHORT, signatures=signatures[:192] + signatures[128:192] + signatures[256:])), "bad_signature", "entry 3", "another entry's signature"),
        ("lean-signature", batch_of(MARKET, packed_lean=True, signatures=market[:64]), "bad_signature", "entry 42", "the first entry's signature for the last"),
        ("proofs-short", batch_of(MARKET, proofs=bytes(7)), "malformed", "batch.proofs", "7 bytes"),
        ("proofs-none", _of(of_rows(ROWS, proofs=bytes(8))), "malformed", "batch.proofs", "a proof without a purchase in columns"),
        ("proof-other", _of(packed(SHORT, proofs=bytes(8))), "bad_hash", "entries 0 to 4", "another household's proof"),
        ("dictionary-short", _of(packed(SHORT, dictionary=bytes(31))), "malformed", "batch.dictionary", "a name of 31 bytes"),
        ("not-lzma", _of(packed(SHORT, columns=b"\xff\xff\xff")), "malformed", "batch.columns", "no LZMA stream"),
        ("lzma-cut", _of(packed(SHORT, columns=columns[:-9])), "malformed", "batch.columns", "the stream ends early"),
        ("lzma-trailing", _of(packed(SHORT, columns=columns + b"\x00")), "malformed", "batch.columns", "a byte behind the stream"),
        ("lzma-too-far", _of(packed(SHORT, columns=_bomb())), "malformed", "batch.columns", "a byte more than allowed comes of it"),
    ):  # fmt: skip
        yield Case(f"batch-{name}", data, expected, where, means)


def _bomb() -> bytes:
    """Zeros, a byte more than is allowed. Any library may press them: nobody looks behind the bound."""
    return pressed(bytes(BATCH_BYTES_MAX + 1))


def _rows() -> Iterator[Case]:
    def with_row(**changed: Any) -> bytes:
        """Entry 3 said otherwise."""
        return _of(of_rows([*ROWS[:3], row(SHORT[3], **changed), *ROWS[4:]]))

    def with_data(data: bytes) -> bytes:
        return _of(of_rows(ROWS, columns=plain_lzma(column([0] * len(ROWS)) + data)))

    whole, one = b"".join(ROWS), ROWS[1]
    for name, data, expected, where, means in (
        ("row-of-five", with_data(b"\x85" + whole[1:]), "malformed", "batch.entry 0", "a row of five parts"),
        ("row-cut", with_data(whole[:-1]), "malformed", "batch", "the last row ends early"),
        ("row-trailing", with_data(whole + b"\x00"), "malformed", "batch", "a byte behind the last row"),
        ("row-long-integer", with_data(ROWS[0] + b"\x86\x18\x01" + one[2:] + b"".join(ROWS[2:])), "malformed", "batch.entry 1.kind", "kind 1 as 1801"),
        ("row-time", with_row(time=[samples.MORNING_S, 4, 3]), "bad_signature", "entry 3", "another time than was signed"),
        ("row-kind", with_row(kind=22), "bad_signature", "entry 3", "another kind"),
        ("row-boot", with_row(boot=4), "bad_signature", "entry 3", "another start"),
        ("row-no-lines", with_row(lines=None), "bad_signature", "entry 3", "the lines left out"),
        ("row-private", with_row(private={0: 518, 1: 90_001, 2: bytes(8)}), "bad_signature", "entry 3", "another household"),
        ("row-lost", _of(of_rows([*ROWS[:2], *ROWS[3:]], [*SHORT[:2], *SHORT[3:]]), private=(2,)), "bad_signature", "entry 2", "entry 2 is missing, so its number falls to entry 3"),
        ("row-private-field", _signed_private({6: 0}), "malformed", "entry 0.private", "rightly signed, with an unknown field in the private part"),
    ):  # fmt: skip
        yield Case(f"batch-{name}", data, expected, where, means)
    other = of_rows(ROWS, [*SHORT[:3], SHORT[2], SHORT[4]])
    yield Case(
        "batch-row-signature", _of(other), "bad_signature", "entry 3", "another entry's signature", "bad_signature", 3
    )  # fmt: skip


def _signed_private(private: dict[int, Any]) -> bytes:
    """A batch of one entry whose private part is not of the format, as a hostile device would sign it."""
    rows = [row(SHORT[0], private=private)]
    (payload,) = payloads(rows)
    signature = DEVICE_KEY.sign(cose.to_be_signed(payload, public=DEVICE_KEY.public, context=entry.CONTEXT))
    return _of(of_rows(rows, signatures=signature, checks=checks([payload])), private=(0,))


def _columns() -> Iterator[Case]:
    def spelled(name: str, data: bytes, **more: bytes) -> bytes:
        """The market where the first columns of these names are spelled otherwise."""
        names = [one for one, _ in COLUMNS]
        parts = [part for _, part in COLUMNS]
        for one, its in {name: data, **more}.items():
            parts[names.index(one)] = its
        return batch(packed(MARKET, columns=plain_lzma(b"".join(parts))), private=PRIVATE)

    def held(name: str) -> bytes:
        return dict(reversed(COLUMNS))[name]

    def numbers(name: str, *values: int, of: int | None = None) -> bytes:
        """These first, then zeros."""
        count = len(values) if of is None else of
        return spelled(name, column([*values, *([0] * (count - len(values)))]))

    sizes, purchases = list(held("sizes")[1:]), 40
    for name, data, where, means in (
        ("form-two", numbers("form", *([2] * 43)), "form", "a form that there is not"),
        ("wide", spelled("form", b"\x02" + b"\x00".join(bytes((one,)) for one in held("form")[1:]) + b"\x00"), "form", "two bytes where one is enough"),
        ("zeros-scaled", spelled("mode", b"\x08"), "mode", "zeros with a scale"),
        ("zeros-wide", spelled("mode", b"\x01" + bytes(purchases)), "mode", "zeros of a byte each"),
        ("scale-ten", spelled("start", bytes((10 * 8 + held("start")[0] % 8,)) + held("start")[1:]), "start", "times ten to the tenth"),
        ("scale-missing", spelled("boot", b"\x01\x0a"), "boot", "ten without its scale"),
        ("over-natural", spelled("boot", b"\x07" + (1 << 53).to_bytes(7, "little")), "boot", "2 to the power of 53"),
        ("sizes-no-mode", spelled("sizes", column([0, *sizes[1:]])), "sizes", "purchases without a mode"),
        ("sizes-buyers", spelled("sizes", column([*sizes[:2], 41])), "sizes", "more buyers than purchases"),
        ("grade", numbers("grade", 4), "grade", "there is no grade 4"),
        ("gtin-over", numbers("gtin", 10**14, of=sizes[1]), "gtin", "15 digits"),
        ("gtin-sum-over", numbers("gtin", 10**14 - 1, 1, of=sizes[1]), "gtin", "15 digits by steps"),
        ("good-over", numbers("good", 256, of=sizes[1]), "good", "there is no good 256"),
        ("unit", numbers("unit", 3, of=sizes[1]), "unit", "there is no unit 3"),
        ("things-order", numbers("gtin", of=sizes[1]), "things", "things that do not ascend"),
        ("household-over", numbers("household", 2**53 - 1, 1, of=sizes[2]), "household", "a household over 2 to the power of 53"),
        ("card-negative", spelled("card", column(folded([-1] + [0] * (sizes[2] - 1)))), "card", "a negative card"),
        ("card-order", spelled("card", column(folded([90_000] + [0] * (sizes[2] - 1)))), "card", "a household's card twice"),
        ("allowance-negative", spelled("allowance", column(folded([-1] + [0] * 11))), "allowance", "a negative allowance"),
        ("mode-over", numbers("mode", 1, of=purchases), "mode", "there is no second mode"),
        ("time-negative", spelled("time_s", column(folded([-(2**40)] + [0] * 38))), "time_s", "a time before 1970"),
        ("number-negative", spelled("number", column(folded([-9] + [0] * 38))), "number", "a negative number"),
        ("so-far-negative", spelled("credit_so_far_rial", column(folded([-(10**12)] + [0] * 38))), "credit_so_far_rial", "a negative sum"),
        ("lines-100", numbers("lines", 100, of=purchases), "lines", "100 lines"),
        ("thing-over", spelled("thing", column([sizes[1]] * (len(held("thing")) - 1))), "thing", "a thing that is not in the table"),
        ("quantity-over", spelled("quantity", column([10**6 + 1] * (len(held("quantity")) - 1))), "quantity", "a million and one pieces"),
        ("total-over", spelled("price_rial", column([10**14] * sizes[1])), "total_rial", "a basket that costs more than an amount may be"),
        ("own-negative", spelled("own_rial", column(folded([-(10**10)] + [0] * 39))), "own_rial", "a negative own part"),
        ("own-over", spelled("own_rial", column(folded([10**10] + [0] * 39))), "credit_rial", "an own part over the total"),
        ("buyer-over", spelled("buyer", column([sizes[2]] * purchases)), "buyer", "a buyer who is not in the table"),
        ("coded-two", spelled("coded", column([2] * purchases)), "coded", "neither card nor code"),
        ("code-over", spelled("code", column([10**8] * 11)), "code", "nine digits"),
        ("code-entry-later", spelled("code_entry", column([99] * 11)), "code_entry", "a code of an entry before the first"),
        ("legs-33", numbers("legs", 33, of=purchases), "legs", "33 legs"),
        ("leg-over", spelled("leg", column([2] * (len(held("leg")) - 1))), "leg", "a buyer's third allowance of two"),
        ("holds-negative", spelled("holds_rial", column(folded([-1] * 12))), "holds_rial", "an allowance of less than nothing"),
        ("holds-little", spelled("holds_rial", column(folded([1] * 12))), "left_rial", "an allowance that gives more than it holds"),
        ("time-and-lines", spelled("time_s", column(folded([-(2**40)] + [0] * 38)), lines=column([100] * purchases)), "time_s", "a time before 1970, and behind it 100 lines"),
        ("total-and-own", spelled("price_rial", column([10**14] * sizes[1]), own_rial=b"\x08"), "total_rial", "a basket over the largest amount, and behind it zeros with a scale"),
        ("so-far-and-buyer", spelled("credit_so_far_rial", column(folded([-(10**12)] + [0] * 38)), buyer=column([sizes[2]] * purchases)), "credit_so_far_rial", "a negative sum, and behind it a buyer who is not in the table"),
        ("card-and-allowances", spelled("card", column(folded([-1] + [0] * (sizes[2] - 1))), allowances=b"\x08"), "card", "a negative card, and behind it zeros with a scale"),
        ("columns-cut", batch(packed(MARKET, columns=plain_lzma(spread(packed(MARKET))[:400])), private=PRIVATE), "thing", "the columns end early"),
        ("columns-none", batch(packed(MARKET, columns=plain_lzma(b"")), private=PRIVATE), "form", "no column at all"),
    ):  # fmt: skip
        yield Case(f"batch-column-{name}", data, "malformed", f"batch.{where}", means)
    for name, data, where, means in (
        ("time-other", spelled("time_s", flipped(held("time_s"), 1)), "entries 0 to 31", "a minute is another"),
        ("left-other", spelled("left_rial", flipped(held("left_rial"), 3)), "entries 0 to 31", "another part of it from each allowance"),
    ):  # fmt: skip
        yield Case(f"batch-column-{name}", data, "bad_hash", where, means)


def _dictionaries() -> Iterator[Case]:
    def with_dictionary(brought: Dictionary | None) -> bytes:
        return batch(packed(MARKET, KNOWN), private=PRIVATE, dictionary=brought)

    other = Dictionary(things=KNOWN.things)
    named = packed(MARKET, KNOWN)
    array = b"\x83" + KNOWN.data[1:] + b"\x80"
    for name, data, expected, where, means in (
        ("dictionary-missing", with_dictionary(None), "malformed", "dictionary", "the file does not bring what the batch names"),
        ("dictionary-unnamed", batch(packed(MARKET), private=PRIVATE, dictionary=KNOWN), "malformed", "dictionary", "the batch names none"),
        ("dictionary-other", with_dictionary(other), "bad_hash", "dictionary", "another than the batch names"),
        ("dictionary-no-bytes", with_dictionary(None) + b"\x80", "malformed", "dictionary", "an array for its bytes"),
        ("dictionary-of-three", batch(named.replace(KNOWN.hash, sha(array)), private=PRIVATE) + cbor.encode(array), "malformed", "dictionary", "three parts"),
        ("dictionary-trailing", with_dictionary(KNOWN) + b"\x00", "malformed", "dictionary", "a byte behind it"),
    ):  # fmt: skip
        yield Case(f"batch-{name}", data, expected, where, means)


def _requests() -> Iterator[Case]:
    body = request(packed(SHORT))
    message = cose.sign(body, DEVICE_KEY, context="sofreh/exchange-request/1")
    parts = cbor.decode(message, where="", bytes_max=1 << 20)

    def with_message(message: bytes) -> bytes:
        return exported.batch_file(message, (3,), SLIM, TRUSTED, blinding_key=samples.BLINDING_KEY)

    def with_part(at: int, to: object) -> bytes:
        return with_message(cbor.encode([*parts[:at], to, *parts[at + 1 :]]))

    kid = parts[0][-8:]
    good = packed(SHORT)
    for name, data, expected, where, means in (
        ("request-other-key", _of(good, key=OTHER), "bad_signature", "request", "signed by another device"),
        ("request-other-context", _of(good, context="sofreh/entry/1"), "bad_signature", "request", "signed as an entry"),
        ("request-version", _of(good, version=1), "unknown_version", "request.version", "version 1, which is no more"),
        ("request-version-later", _of(good, version=3), "unknown_version", "request.version", "version 3"),
        ("request-device", _of(good, device=1002), "other_device", "request", "says that it is of device 1002"),
        ("request-flipped", with_message(flipped(message, -1)), "bad_signature", "request", "a bit of its signature"),
        ("request-kid", with_part(0, parts[0].replace(kid, bytes(8))), "bad_signature", "request", "another key id"),
        ("request-algorithm", with_part(0, cbor.encode({1: -7, 4: kid})), "bad_signature", "request", "an algorithm that is not the key's"),
        ("request-protected-field", with_part(0, cbor.encode({1: -8, 3: 0, 4: kid})), "malformed", "request.protected", "a third header"),
        ("request-unprotected", with_part(1, {4: kid}), "malformed", "request", "an unprotected header"),
        ("request-detached", with_part(2, None), "malformed", "request", "no payload"),
        ("request-tagged", with_message(b"\xd2" + message), "malformed", "request", "tag 18 before it"),
        ("request-cut", with_message(message[:-1]), "malformed", "request", "ends early"),
        ("request-nonce", _of(good, nonce=bytes(15)), "malformed", "request.nonce", "a nonce of 15 bytes"),
    ):  # fmt: skip
        yield Case(f"batch-{name}", data, expected, where, means)
