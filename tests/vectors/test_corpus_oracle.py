"""What FORMAT.md says is enough: the corpus's good files, verified with cbor2 and cryptography and nothing of ours."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FOLDER = Path(__file__).parent / "corpus"
HELD = json.loads((FOLDER / "manifest.json").read_text())
GOOD = [row["file"] for row in HELD["files"] if row["expected"] == "proven"]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CREDENTIAL, CARD, MAIL = 2, 3, 5


def signed_bytes(payload: bytes, public: bytes, context: str) -> bytes:
    """Section 2."""
    protected = cbor2.dumps({1: -8, 4: hashlib.sha256(public).digest()[:8]})
    return cbor2.dumps(["Signature1", protected, context.encode(), payload])


def check(signature: bytes, payload: bytes, public: bytes, context: str) -> bytes:
    """The hash of what was signed."""
    message = signed_bytes(payload, public, context)
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    return hashlib.sha256(message).digest()


def keys() -> dict[int, tuple[int, bytes]]:
    """Section 3: delegation number -> role and key."""
    found = {}
    for message in HELD["delegations"]:
        _, _, payload, signature = cbor2.loads(bytes.fromhex(message))
        check(signature, payload, bytes.fromhex(HELD["root_public"]), "sofreh/delegation/1")
        said = cbor2.loads(payload)
        found[said[1]] = said[2], said[3]
    return found


def key_of_slim(slim: list[Any]) -> bytes:
    *said, signature = slim
    role, issuer = keys()[said[4]]
    assert role == CREDENTIAL
    check(signature, cbor2.dumps(said), issuer, "sofreh/slim-credential/1")
    public: bytes = said[2]
    return public


def base45(text: str) -> bytes:
    """Section 8."""
    out = b""
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        number = sum(ALPHABET.index(character) * 45**place for place, character in enumerate(group))
        out += number.to_bytes(len(group) - 1, "big")
    return out


def items(data: bytes) -> list[Any]:
    stream, found = io.BytesIO(data), []
    while stream.tell() < len(data):
        found.append(cbor2.CBORDecoder(stream, read_size=1).decode())
    return found


def verify(name: str) -> int:
    """How many signed things hold."""
    data = (FOLDER / name).read_bytes()
    if data.startswith((b"R1:", b"C1:")):
        value = cbor2.loads(base45(data.decode()[3:].rstrip("\r\n")))
        return receipt(value) if data.startswith(b"R1:") else card(value)
    header, *rest = items(data)
    slim = cbor2.loads(header[1])
    public = key_of_slim(slim)
    return {b"sofreh-journal-1": journal, b"sofreh-batch-1": batch, b"sofreh-mail-1": mail}[header[0]](
        rest, slim, public
    )


def receipt(value: list[Any]) -> int:
    sequence, prev, kind, time, boot, public, lines, private_hash, signature, slim = value
    payload = {0: 1, 1: slim[0], 2: sequence, 3: prev, 4: kind, 5: time, 6: boot, 7: public}
    if lines is not None:
        payload[8] = lines if isinstance(lines, bytes) else hashlib.sha256(cbor2.dumps(lines)).digest()
    if private_hash is not None:
        payload[9] = private_hash
    check(signature, cbor2.dumps(payload), key_of_slim(slim), "sofreh/entry/1")
    return 1


def card(value: list[Any]) -> int:
    *said, signature = value
    role, public = keys()[said[3]]
    assert role == CARD
    check(signature, cbor2.dumps(said), public, "sofreh/card/1")
    return 1


def journal(entries: list[Any], slim: list[Any], public: bytes) -> int:
    prev = None
    for number, (payload, lines, private, signature) in enumerate(entries):
        said = cbor2.loads(payload)
        assert said[0] == 1
        assert (said[1], said[2], private) == (slim[0], number, None)
        assert said[3] == (said[7][0] if number == 0 else prev)
        assert said.get(8) == (None if lines is None else hashlib.sha256(lines).digest())
        prev = check(signature, payload, public, "sofreh/entry/1")
    return len(entries)


def batch(rest: list[Any], slim: list[Any], public: bytes) -> int:
    message, blinds = rest
    _, _, body, signature = cbor2.loads(message)
    check(signature, body, public, "sofreh/exchange-request/1")
    request = cbor2.loads(body)
    assert request[1] == slim[0]
    rows = cbor2.loads(zlib.decompress(request[8], -15)) if request[8] else []
    sequence, prev = request[6], request[7]
    for kind, time, boot, said, lines, private, signed in rows:
        payload = {0: 1, 1: slim[0], 2: sequence, 3: prev, 4: kind, 5: time, 6: boot, 7: said}
        if lines is not None:
            payload[8] = hashlib.sha256(cbor2.dumps(lines)).digest()
        if private is not None:
            payload[9] = hashlib.sha256(blinds.pop(0) + cbor2.dumps(private)).digest()
        prev = check(signed, cbor2.dumps(payload), public, "sofreh/entry/1")
        sequence += 1
    assert blinds == []
    return len(rows)


def mail(rest: list[Any], slim: list[Any], _public: bytes) -> int:
    (number, prev), *messages = rest
    (public,) = (public for role, public in keys().values() if role == MAIL)
    for message in messages:
        _, _, payload, signature = cbor2.loads(message)
        said = cbor2.loads(payload)
        number += 1
        assert (said[1], said[2], said[3]) == (slim[0], number, prev)
        prev = check(signature, payload, public, "sofreh/mail/1")
    return len(messages)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_verified_by_another_reader(name: str) -> None:
    assert verify(name) > 0 or name == "batch-empty.bin"
