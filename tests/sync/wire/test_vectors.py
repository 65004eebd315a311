"""The bytes that are kept in the repository are what this code makes, and what it reads."""

from __future__ import annotations

import hashlib

import pytest

from sync.central.chains.checking import Examined, check_batch
from sync.central.keys import OpeningFileKey
from sync.wire import card, carried, credential, entry, mail, receipt_qr
from sync.wire.kinds import Way
from tests.vectors import make, samples


@pytest.mark.parametrize("name", make.FILES)
def test_the_kept_vectors_are_what_this_code_makes(name: str) -> None:
    assert make.read(name) == make.vectors(name)


def test_the_kept_batch_opens_to_the_kept_entries() -> None:
    entries = make.read("entries")
    counts = []
    for kept in make.read("batch").values():
        examined = check_batch(
            bytes.fromhex(kept["batch"]),
            entry.Head(kept["base"], bytes.fromhex(kept["base_prev"])),
            device=entries["device"],
            public=bytes.fromhex(entries["device_public"]),
            blinding_key=bytes.fromhex(entries["blinding_key"]),
        )
        assert isinstance(examined, Examined)
        opened = [one.entry for one in examined.checked if one.entry is not None]
        assert [each.hash.hex() for each in opened] == [
            entries[each.kind.name.lower()]["hash"] for each in opened
        ]
        counts.append(len(opened))
    assert counts == [len(samples.FACTS), 1]


def test_a_kept_hash_is_the_sha_256_of_the_kept_signed_bytes() -> None:
    entries = make.read("entries")
    for kind in samples.FACTS:
        kept = entries[kind.name.lower()]
        assert hashlib.sha256(bytes.fromhex(kept["signed_bytes"])).hexdigest() == kept["hash"]


def test_the_kept_mail_card_and_receipt_open() -> None:
    head = samples.FIRST_MAIL_HEAD
    for kind in samples.BODIES:
        message = bytes.fromhex(make.read("mail")[kind.name.lower()]["message"])
        head = mail.reopen(message, head, samples.TRUSTED, device=samples.DEVICE).head
    assert card.from_qr(make.read("card")["qr"], samples.TRUSTED).number == 90_001
    assert receipt_qr.verify(make.read("receipt")["qr"], samples.TRUSTED).lines == samples.LINES


def test_the_kept_file_opens_with_the_key_that_the_root_delegated() -> None:
    kept = make.read("carried")
    key = OpeningFileKey(bytes.fromhex(kept["encryption_private"]))
    trusted = credential.trust(samples.ROOT.public, [bytes.fromhex(kept["delegation"])])
    assert (
        trusted.encryption_public(what="test")
        == key.exchange_public
        == bytes.fromhex(kept["encryption_public"])
    )
    place, messages = carried.open_file(bytes.fromhex(kept["file"]), key, way=Way.QUESTION)
    assert (place, [message.hex() for message in messages]) == (
        carried.place_of(kept["name"]),
        [kept["message"]],
    )
