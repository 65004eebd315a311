"""What crosses the wire, on paper, on a stick and in mail. Where a signature stands before a decoder, it is made to hold: who
signs can be hostile too.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from sync.central.keys import OpeningFileKey
from sync.wire import (
    base45,
    card,
    carried,
    catalog,
    cbor,
    cose,
    credential,
    entry,
    exchange,
    hpke,
    mail,
    policy,
    receipt_qr,
    verifiable,
)
from sync.wire.batches import batch, batch_tables, columns
from sync.wire.enrolling import enrollment_qr
from sync.wire.errors import Malformed, WireError
from sync.wire.kinds import Unit, Way
from tests.fuzz.target import Target, text_of
from tests.sync.wire.test_decoders import RECORDS, SAMPLES
from tests.vectors import corpus, samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIRE = (WireError,)
CENTER_KEY = OpeningFileKey(bytes(range(32)))
PLACE = carried.Place(Way.QUESTION, samples.DEVICE, 1)
EPHEMERAL = bytes(range(1, 33))


def _entries() -> Iterator[bytes]:
    return (each.stored.to_cbor() for each in samples.JOURNAL)


def _understood(data: bytes) -> object:
    stored = entry.EntryBytes.from_cbor(data)
    return entry.understood(stored, bytes(32), blinding_key=samples.BLINDING_KEY, what="entry")


def _read_batch(data: bytes) -> object:
    contents = batch.read_batch(data, first=5)
    for said, lines, private, usual in zip(*contents.parts, contents.in_columns, strict=True):
        assert not usual or _is_read(said, lines, private), (
            "what comes out of columns is read without being asked again"
        )
    return batch.rebuild(
        contents, entry.Head(5, bytes(32)), device=samples.DEVICE, public=samples.DEVICE_KEY.public,
        blinds=partial(entry.blinds, blinding_key=samples.BLINDING_KEY),
    )  # fmt: skip


def _is_read(said: bytes, lines: bytes | None, private: bytes | None) -> bool:
    (payload,), _, _ = entry.links(
        entry.Head(5, bytes(32)),
        [said],
        [b""],
        [b""],
        device=samples.DEVICE,
        public=samples.DEVICE_KEY.public,
    )
    stored = entry.EntryBytes(payload=payload, lines=lines, private=private, signature=bytes(64))
    try:
        entry.opened(stored, bytes(32))
    except Malformed:
        return False
    return True


def _read_columns(data: bytes) -> object:
    """What is pressed, so that the fuzzer need not learn LZMA: two bytes say how many entries, and how many of them proven."""
    entries, proven = data[:2].ljust(2, b"\0")
    count = 1 + entries % exchange.BATCH_ENTRIES_MAX
    checks = bytes(batch.CHECK_BYTES * -(-count // batch.BLOCK_ENTRIES))
    made = batch.Batch(
        count=count, lean=True, checks=checks, signatures=bytes(64), proofs=bytes(8 * (proven % (count + 1))),
        columns=columns.pressed(data[2:]),
    )  # fmt: skip
    return _read_batch(made.to_cbor())


def _batches() -> Iterator[bytes]:
    stored = [each.stored for each in samples.JOURNAL]
    for level in (stored, stored[-1:], stored[:3]):
        yield batch.pack_batch(level)


def _columns() -> Iterator[bytes]:
    for packed in _batches():
        made = batch.Batch.from_cbor(packed)
        yield bytes((made.count - 1, len(made.proofs) // 8)) + columns.unpressed(
            made.columns, bytes_max=batch.BATCH_BYTES_MAX, where="seed"
        )


def _reopen_mail(payload: bytes) -> object:
    """Whatever its number, it follows."""
    claimed = mail._Payload.from_cbor(payload)
    message = cose.sign(payload, samples.MAIL_KEY, context=mail.CONTEXT)
    before = mail.MailHead(claimed.number - 1, claimed.prev)
    return mail.reopen(message, before, samples.TRUSTED, device=samples.DEVICE)


def _mail_payloads() -> Iterator[bytes]:
    return (cose.parse(item.message, what="seed").payload for item in samples.MAILBOX)


def _trust(data: bytes) -> object:
    return credential.trust(
        samples.ROOT.public, [cose.sign(data, samples.ROOT, context=credential.DELEGATION_CONTEXT)]
    )


def _card_signed(data: bytes) -> object:
    """A card is a code that anybody may print."""
    return card.from_qr(card.PREFIX + base45.encode(data), samples.TRUSTED)


def _receipt_packed(data: bytes) -> object:
    return receipt_qr.verify(receipt_qr.PREFIX + base45.encode(data), samples.TRUSTED)


def _enrollment_packed(data: bytes) -> object:
    return enrollment_qr.from_qr(enrollment_qr.PREFIX + base45.encode(data))


def _verify_file(data: bytes) -> object:
    """Never raises: what is wrong is an outcome."""
    return verifiable.verify(data, samples.ROOT.public, samples.DELEGATION_MESSAGES)


def _corpus(*beginnings: str) -> Iterable[bytes]:
    return (
        path.read_bytes()
        for path in sorted(corpus.FOLDER.iterdir())
        if path.is_file() and path.name.startswith(beginnings)
    )


def _record(data: bytes) -> object:
    """A byte says which record."""
    return RECORDS[data[0] % len(RECORDS)].from_cbor(data[1:]) if data else None


def _records() -> Iterator[bytes]:
    return (bytes((RECORDS.index(type(sample)),)) + sample.to_cbor() for sample in SAMPLES)


def _carried(data: bytes) -> object:
    return carried.open_file(data, CENTER_KEY, way=Way.QUESTION)


def _carried_files() -> Iterator[bytes]:
    yield carried.seal((b"message", b""), PLACE, CENTER_KEY.exchange_public, ephemeral=EPHEMERAL)


def _carried_messages(data: bytes) -> object:
    """Anybody may seal anything to the center."""
    key_id = cose.key_id(CENTER_KEY.exchange_public)
    enc, ciphertext = hpke.seal(
        data, CENTER_KEY.exchange_public, info=carried.INFO, aad=carried._covered(PLACE, key_id), ephemeral=EPHEMERAL
    )  # fmt: skip
    envelope = carried.Envelope(
        magic=carried.MAGIC, way=PLACE.way, device=PLACE.device, number=PLACE.number, key_id=key_id, enc=enc, ciphertext=ciphertext
    )  # fmt: skip
    return _carried(envelope.to_cbor())


def _dictionary(data: bytes) -> object:
    return batch_tables.dictionary_from(data, named=hashlib.sha256(data).digest())


def _dictionaries() -> Iterator[bytes]:
    thing = batch_tables.Thing(gtin=6260152300012, good=1, unit=Unit.PIECE, price_rial=1_150_000)
    granted = batch_tables.Granted(allowance=100_017, amount_rial=20_000_000)
    buyer = batch_tables.Buyer(household=517, card=90_001, allowances=(granted,))
    yield batch_tables.Dictionary((thing,), (buyer,)).data


def _request(data: bytes) -> object:
    return exchange.ExchangeRequest.from_cbor(data, bytes_max=exchange.REQUEST_BYTES_MAX)


def _requests() -> Iterator[bytes]:
    stored = [each.stored for each in samples.JOURNAL]
    yield exchange.ExchangeRequest(
        version=exchange.VERSION, device=samples.DEVICE, nonce=bytes(16), mail_number=0, mail_hash=samples.CREDENTIAL_HASH, epoch=1, base=0,
        base_prev=samples.CREDENTIAL_HASH, batch=batch.pack_batch(stored),
    ).to_cbor()  # fmt: skip


def _answers() -> Iterator[bytes]:
    yield exchange.ExchangeAnswer(
        version=exchange.VERSION, device=samples.DEVICE, nonce=bytes(16), epoch=1, statement=2, held=3, head=bytes(32),
        mail=tuple(item.message for item in samples.MAILBOX[:2]), mail_last=12, now_s=samples.MORNING_S,
    ).to_cbor()  # fmt: skip


def _enrollment_parts() -> Iterator[bytes]:
    for text in enrollment_qr.to_qrs(bytes(900)):
        yield base45.decode(text.removeprefix(enrollment_qr.PREFIX), where="seed")


def _card_text(data: bytes) -> object:
    text = text_of(data)
    return card.from_qr(text, samples.TRUSTED) if text.startswith(card.PREFIX) else card.from_code128(text)


TARGETS = (
    Target(
        name="cbor",
        decode=lambda data: cbor.decode(data, where="any", bytes_max=1 << 16),
        errors=WIRE,
        seeds=lambda: [sample.to_cbor() for sample in SAMPLES],
    ),
    Target(
        name="cose",
        decode=lambda data: cose.verify(data, cose.VerifyingKey(samples.MAIL_KEY.public), context=mail.CONTEXT, what="any"),
        errors=WIRE,
        seeds=lambda: [item.message for item in samples.MAILBOX],
    ),
    Target(
        name="base45",
        decode=lambda data: base45.decode(text_of(data), where="any"),
        errors=WIRE,
        seeds=lambda: [base45.encode(sample.to_cbor()).encode() for sample in SAMPLES[:9]],
    ),
    Target(name="entry", decode=_understood, errors=WIRE, seeds=_entries),
    Target(
        name="lines",
        decode=entry.lines_from_bytes,
        errors=WIRE,
        seeds=lambda: [entry.lines_bytes(samples.LINES)],
    ),
    Target(name="batch", decode=_read_batch, errors=WIRE, seeds=_batches),
    Target(name="batch-columns", decode=_read_columns, errors=WIRE, seeds=_columns),
    Target(
        name="batch-dictionary",
        decode=_dictionary,
        errors=WIRE,
        seeds=_dictionaries,
    ),
    Target(name="request", decode=_request, errors=WIRE, seeds=_requests),
    Target(name="answer", decode=exchange.ExchangeAnswer.from_cbor, errors=WIRE, seeds=_answers),
    Target(name="mail", decode=_reopen_mail, errors=WIRE, seeds=_mail_payloads),
    Target(
        name="delegation",
        decode=_trust,
        errors=WIRE,
        seeds=lambda: [one.to_cbor() for one in samples.DELEGATIONS],
    ),
    Target(name="policy", decode=policy.Policy.from_cbor, errors=WIRE, seeds=lambda: [samples.POLICY.to_cbor()]),
    Target(
        name="catalog", decode=catalog.Catalog.from_cbor, errors=WIRE, seeds=lambda: [samples.CATALOG.to_cbor()]
    ),
    Target(name="card-text", decode=_card_text, errors=WIRE, seeds=lambda: [card.to_qr(samples.CARD).encode(), card.to_code128(90_001).encode()]),
    Target(name="card", decode=_card_signed, errors=WIRE, seeds=lambda: [samples.CARD.to_cbor()]),
    Target(
        name="receipt-text",
        decode=lambda data: receipt_qr.verify(text_of(data), samples.TRUSTED),
        errors=WIRE,
        seeds=lambda: _corpus("receipt-"),
    ),
    Target(
        name="receipt",
        decode=_receipt_packed,
        errors=WIRE,
        seeds=lambda: [
            base45.decode(receipt_qr.to_qr(samples.PURCHASE_ENTRY, samples.SLIM).removeprefix(receipt_qr.PREFIX), where="seed")
        ],
    ),
    Target(name="enrollment-qr", decode=_enrollment_packed, errors=WIRE, seeds=_enrollment_parts),
    Target(name="exported", decode=_verify_file, errors=(), seeds=lambda: _corpus("journal", "batch", "mail", "receipt", "card")),
    Target(name="carried", decode=_carried, errors=WIRE, seeds=_carried_files),
    Target(name="carried-messages", decode=_carried_messages, errors=WIRE, seeds=lambda: [cbor.encode([b"message"])]),
    Target(name="records", decode=_record, errors=WIRE, seeds=_records),
)  # fmt: skip
