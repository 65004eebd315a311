"""The vectors of RFC 8032 and of the Wycheproof project, through our own verifying key."""

from __future__ import annotations

import cryptography_vectors
import pytest

from sync.wire.cose import VerifyingKey
from sync.wire.errors import NotAuthentic


def rfc8032() -> list[tuple[bytes, bytes, bytes]]:
    """Public key, message and signature of each line: seed+key : key : message : signature+message."""
    with cryptography_vectors.open_vector_file("asymmetric/Ed25519/sign.input", "r") as file:
        rows = [line.split(":") for line in file]
    return [
        (bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signed)[:64])
        for _, public, message, signed, _ in rows
    ]


VECTORS = rfc8032()


def test_there_are_all_1024_vectors() -> None:
    assert len(VECTORS) == 1024


@pytest.mark.parametrize("start", range(0, 1024, 128))
def test_each_vector_holds_and_none_for_another_message(start: int) -> None:
    for public, message, signature in VECTORS[start : start + 128]:
        key = VerifyingKey(public)
        key.verify(signature, message, what="vector")
        with pytest.raises(NotAuthentic):
            key.verify(signature, message + b"\0", what="vector")
        with pytest.raises(NotAuthentic):
            key.verify(signature[:32] + bytes(32), message, what="vector")
