"""`python -m tests.vectors.make` writes the vector files anew. Bytes are hexadecimal, keys are named by their seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sync.wire import base45, card, carried, cose, credential, entry, exchange, hpke, mail, receipt_qr
from sync.wire.carried import Place
from sync.wire.kinds import Role, Way
from tests.vectors import samples
from tests.vectors.batch_parts import packed, spread

FOLDER = Path(__file__).parent
FILES = ("batch", "card", "carried", "credential", "entries", "mail", "receipt")


def vectors(name: str) -> dict[str, Any]:
    """What the file `name` holds."""
    made: dict[str, Any] = {
        "batch": _batch,
        "card": _card,
        "carried": _carried,
        "credential": _credential,
        "entries": _entries,
        "mail": _mail,
        "receipt": _receipt,
    }[name]()
    return made


def read(name: str) -> dict[str, Any]:
    """What the committed file `name` holds."""
    held: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return held


def kept(path: str) -> str:
    """A text in a committed file, such as ``entries.booted.payload`` or ``credential.delegations.1``."""
    name, *keys = path.split(".")
    value: Any = read(name)
    for key in keys:
        value = value[int(key)] if isinstance(value, list) else value[key]
    assert isinstance(value, str), path
    return value


def _entries() -> dict[str, Any]:
    return {
        "device": samples.DEVICE,
        "device_seed": samples.DEVICE_KEY.seed.hex(),
        "device_public": samples.DEVICE_KEY.public.hex(),
        "blinding_key": samples.BLINDING_KEY.hex(),
        "household_key": samples.HOUSEHOLD_KEY.hex(),
        "context": entry.CONTEXT,
        **{each.kind.name.lower(): _entry(each) for each in samples.JOURNAL},
    }


def _entry(each: entry.Entry) -> dict[str, Any]:
    public = samples.DEVICE_KEY.public
    return {
        "sequence": each.sequence,
        "payload": each.stored.payload.hex(),
        "lines": None if each.stored.lines is None else each.stored.lines.hex(),
        "private": None if each.stored.private is None else each.stored.private.hex(),
        "signed_bytes": cose.to_be_signed(each.stored.payload, public=public, context=entry.CONTEXT).hex(),
        "hash": each.hash.hex(),
        "signature": each.stored.signature.hex(),
    }


def _batch() -> dict[str, Any]:
    sold = [each for each in samples.JOURNAL if each.sequence == samples.PURCHASE_ENTRY.sequence]
    return {
        name: {
            "base": entries[0].sequence,
            "base_prev": entries[0].prev.hex(),
            "columns": spread(packed(entries, packed_lean=lean)).hex(),
            "batch": packed(entries, packed_lean=lean).hex(),
        }
        for name, entries, lean in (("journal", samples.JOURNAL, False), ("purchase", sold, True))
    }


def _mail() -> dict[str, Any]:
    return {
        "mail_seed": samples.MAIL_KEY.seed.hex(),
        "mail_public": samples.MAIL_KEY.public.hex(),
        "context": mail.CONTEXT,
        **{
            each.kind.name.lower(): {
                "number": each.number,
                "payload": cose.parse(each.message, what="mail").payload.hex(),
                "hash": each.hash.hex(),
                "message": each.message.hex(),
            }
            for each in samples.MAILBOX
        },
    }


def _card() -> dict[str, Any]:
    return {
        "card_seed": samples.CARD_KEY.seed.hex(),
        "card_public": samples.CARD_KEY.public.hex(),
        "cbor": samples.CARD.to_cbor().hex(),
        "qr": card.to_qr(samples.CARD),
        "code128": card.to_code128(samples.CARD.number),
    }


def _carried() -> dict[str, Any]:
    """A question that asks for mail alone: on a stick, sealed to the center."""
    private, ephemeral = samples.octets("encryption key", 32), samples.octets("ephemeral key", 32)
    public, key = hpke.public_of(private), samples.DEVICE_KEY
    delegated = credential.Delegation(
        version=1, number=6, role=Role.ENCRYPTION, public=public, not_before_s=1_760_000_000, until_s=samples.UNTIL_S
    )  # fmt: skip
    head = samples.FIRST_MAIL_HEAD
    request = exchange.ExchangeRequest(
        version=exchange.VERSION, device=samples.DEVICE, nonce=samples.octets("nonce", 16), mail_number=head.number,
        mail_hash=head.hash, epoch=1, base=0, base_prev=samples.CREDENTIAL_HASH, batch=b"", statement=0, held=0,
    )  # fmt: skip
    message = cose.sign(request.to_cbor(), key, context=exchange.REQUEST_CONTEXT)
    place = Place(Way.QUESTION, samples.DEVICE, 1)
    file = carried.seal((message,), place, public, ephemeral=ephemeral)
    return {
        "encryption_private": private.hex(),
        "encryption_public": public.hex(),
        "delegation": cose.sign(
            delegated.to_cbor(), samples.ROOT, context=credential.DELEGATION_CONTEXT
        ).hex(),
        "ephemeral_private": ephemeral.hex(),
        "info": carried.INFO.decode(),
        "name": place.name,
        "message": message.hex(),
        "file": file.hex(),
    }


def _receipt() -> dict[str, Any]:
    qr = receipt_qr.to_qr(samples.PURCHASE_ENTRY, samples.SLIM)
    return {"qr": qr, "cbor": base45.decode(qr[3:], where="receipt").hex()}


def _credential() -> dict[str, Any]:
    return {
        "root_seed": samples.ROOT.seed.hex(),
        "root_public": samples.ROOT.public.hex(),
        "credential_seed": samples.CREDENTIAL_KEY.seed.hex(),
        "delegations": [message.hex() for message in samples.DELEGATION_MESSAGES],
        "credential": samples.CREDENTIAL_MESSAGE.hex(),
        "credential_hash": samples.CREDENTIAL_HASH.hex(),
        "slim": samples.SLIM.to_cbor().hex(),
        "technician_seed": samples.LAPTOP_KEY.seed.hex(),
        "mandate": samples.MANDATE_MESSAGE.hex(),
        "mandated_credential": samples.MANDATED_MESSAGE.hex(),
        "mandated_slim": samples.MANDATED_SLIM.to_cbor().hex(),
    }


if __name__ == "__main__":
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(json.dumps(vectors(name), indent=1) + "\n")
