"""What FORMAT.md says is enough: the corpus's good files, verified with cbor2 and cryptography and nothing of ours."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
from itertools import accumulate
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
    issuer = under_mandate(*said) if isinstance(said[4], list) else credential_key(said[4])
    check(signature, cbor2.dumps(said), issuer, "sofreh/slim-credential/1")
    public: bytes = said[2]
    return public


def cost(line: list[int]) -> int:
    """Section 4."""
    _, _, unit, price, quantity = line
    return (price * quantity + 500) // 1000 if unit == 1 else price * quantity


def credential_key(number: int) -> bytes:
    role, issuer = keys()[number]
    assert role == CREDENTIAL
    return issuer


def under_mandate(device: int, shop: int, _public: bytes, until_s: int, mandate: list[Any]) -> bytes:
    """Section 3: the technician's key, by leave of the center for this device and shop."""
    technician, mandate_until_s, number, signature = mandate
    said = [device, shop, technician, mandate_until_s, number]
    check(signature, cbor2.dumps(said), credential_key(number), "sofreh/slim-mandate/1")
    assert until_s <= mandate_until_s
    public: bytes = technician
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
    text = data.decode("utf-8-sig", "replace").rstrip("\r\n")
    if text.startswith(("R1:", "C1:")):
        value = cbor2.loads(base45(text[3:]))
        return receipt(value) if text.startswith("R1:") else card(value)
    header, *rest = items(data)
    slim = cbor2.loads(header[1])
    public = key_of_slim(slim)
    return {b"sofreh-journal-1": journal, b"sofreh-batch-2": batch, b"sofreh-mail-1": mail}[header[0]](
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
    message, blinds, *dictionary = rest
    _, _, body, signature = cbor2.loads(message)
    check(signature, body, public, "sofreh/exchange-request/1")
    request = cbor2.loads(body)
    assert (request[0], request[1]) == (2, slim[0])
    if not request[8]:
        return 0
    said = cbor2.loads(request[8])
    known: Any = ([], [])
    if 6 in said:
        assert hashlib.sha256(dictionary[0]).digest() == said[6]
        known = cbor2.loads(dictionary[0])
    rows = Columns(said, known, request[6]).rows()
    sequence, prev = request[6], request[7]
    for index, (kind, time, boot, public_part, lines, private) in enumerate(rows):
        payload = {0: 1, 1: slim[0], 2: sequence, 3: prev, 4: kind, 5: time, 6: boot, 7: public_part}
        if lines is not None:
            payload[8] = hashlib.sha256(cbor2.dumps(lines)).digest()
        if private is not None:
            payload[9] = hashlib.sha256(blinds.pop(0) + cbor2.dumps(private)).digest()
        if index % 32 == 31 or index + 1 == len(rows):
            assert hashlib.sha256(cbor2.dumps(payload)).digest()[:8] == said[2][index // 32 * 8 :][:8]
        message = signed_bytes(cbor2.dumps(payload), public, "sofreh/entry/1")
        if not said[1] or index + 1 == len(rows):
            signature = said[3][0 if said[1] else 64 * index :][:64]
            check(signature, cbor2.dumps(payload), public, "sofreh/entry/1")
        prev = hashlib.sha256(message).digest()
        sequence += 1
    assert blinds == []
    return len(rows)


class Columns:
    """Section 11: what stands in the columns of a batch."""

    def __init__(self, said: dict[int, Any], known: Any, first: int) -> None:
        settings = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 0, "lp": 0, "pb": 0}
        self.data = lzma.decompress(said[5], lzma.FORMAT_RAW, filters=[settings])
        self.at, self.count, self.proofs, self.first = 0, said[0], said[4], first
        self.known_things, self.known_buyers = known

    def take(self, count: int) -> list[int]:
        scale, width = divmod(self.data[self.at], 8)
        start = self.at + 1
        self.at = start + count * width
        values = [self.data[start + index * width :][:width] for index in range(count)]
        return [int.from_bytes(value, "little") * 10**scale for value in values]

    def signed(self, count: int) -> list[int]:
        return [value // 2 if value % 2 == 0 else -(value + 1) // 2 for value in self.take(count)]

    def rows(self) -> list[list[Any]]:
        forms = self.take(self.count)
        numbers = [self.first + index for index, form in enumerate(forms) if form]
        purchases = iter(self.purchases(numbers) if numbers else [])
        stream = io.BytesIO(self.data[self.at :])
        rows = [
            next(purchases) if form else cbor2.CBORDecoder(stream, read_size=1).decode() for form in forms
        ]
        assert not stream.read()
        return rows

    def purchases(self, numbers: list[int]) -> list[list[Any]]:
        count = len(numbers)
        modes, things, buyers = self.tables()
        mode = self.take(count)
        time, number, so_far = self.take(3)
        times = list(accumulate(self.signed(count - 1), initial=time))
        receipts = list(accumulate((step + 1 for step in self.signed(count - 1)), initial=number))
        beyond = [0, *self.signed(count - 1)]
        baskets = self.baskets(count, things)
        own = [
            extra + sum(cost(line) for line in basket if not line[0])
            for extra, basket in zip(accumulate(self.signed(count)), baskets, strict=True)
        ]
        who = [buyers[index] for index in self.take(count)]
        private = self.private(who, numbers)
        total = [sum(map(cost, basket)) for basket in baskets]
        credit = [all_ - mine for all_, mine in zip(total, own, strict=True)]
        legs = self.legs(who, credit)
        rows = []
        for index in range(count):
            span, grade, boot, policy, catalog = modes[mode[index]]
            so_far += beyond[index] + (credit[index] if index else 0)
            public = {
                0: policy, 1: catalog, 2: total[index], 3: credit[index], 4: own[index], 5: legs[index], 6: receipts[index],
                7: so_far,
            }  # fmt: skip
            rows.append([8, [times[index], span, grade], boot, public, baskets[index], private[index]])
        return rows

    def tables(self) -> tuple[list[Any], list[Any], list[Any]]:
        modes, things, buyers = self.take(3)
        mode_table = list(zip(*(self.take(modes) for _ in range(5)), strict=True))
        gtins = list(accumulate(self.take(things)))
        thing_table = self.known_things + list(
            zip(gtins, *(self.take(things) for _ in range(3)), strict=True)
        )
        steps, cards = self.take(buyers), list(accumulate(self.signed(buyers)))
        firsts = [not index or step > 0 for index, step in enumerate(steps)]
        counts = self.take(sum(firsts))
        names = iter(list(accumulate(self.signed(sum(counts)))))
        theirs = [[next(names) for _ in range(count)] for count in counts]
        owner = list(accumulate(firsts))
        own = [
            (household, card, theirs[index - 1])
            for household, card, index in zip(accumulate(steps), cards, owner, strict=True)
        ]
        known = [
            (household, card, [name for name, _ in granted]) for household, card, granted in self.known_buyers
        ]
        return mode_table, thing_table, known + own

    def baskets(self, count: int, things: list[Any]) -> list[list[list[int]]]:
        counts = self.take(count)
        index = self.take(sum(counts))
        weighed = [things[one][2] == 1 for one in index]
        pieces, grams = iter(self.take(weighed.count(False))), iter(self.take(weighed.count(True)))
        lines = []
        for one, by_weight in zip(index, weighed, strict=True):
            gtin, good, unit, price = things[one]
            much = next(grams if by_weight else pieces)
            lines.append([good, gtin, unit, price, much])
        every = iter(lines)
        return [[next(every) for _ in range(size)] for size in counts]

    def private(self, who: list[Any], numbers: list[int]) -> list[dict[int, Any]]:
        coded = self.take(len(who))
        codes, back = iter(self.take(sum(coded))), iter(self.take(sum(coded)))
        proofs = io.BytesIO(self.proofs)
        made = []
        for (household, card, _), number, by_code in zip(who, numbers, coded, strict=True):
            one: dict[int, Any] = {0: household} | ({1: card} if card else {})
            one |= {3: f"{next(codes):08}", 4: number - next(back)} if by_code else {2: proofs.read(8)}
            made.append(one)
        assert not proofs.read()
        return made

    def legs(self, who: list[Any], credit: list[int]) -> list[list[list[int]]]:
        counts = self.take(len(who))
        refs = iter(self.take(sum(counts)))
        names = [
            [buyer[2][next(refs)] for _ in range(count)] for buyer, count in zip(who, counts, strict=True)
        ]
        firsts = dict.fromkeys(name for some in names for name in some)
        knew = {name: amount for _, _, granted in self.known_buyers for name, amount in granted}
        holds = {
            name: knew.get(name, 0) + step
            for name, step in zip(firsts, self.signed(len(firsts)), strict=True)
        }
        left = iter(self.take(sum(counts) - sum(map(bool, counts))))
        made = []
        for some, due in zip(names, credit, strict=True):
            legs: list[list[int]] = []
            for nth, name in enumerate(some, 1):
                amount = holds[name] - next(left) if nth < len(some) else due - sum(leg[1] for leg in legs)
                holds[name] -= amount
                legs.append([name, amount, holds[name]])
            made.append(legs)
        return made


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
