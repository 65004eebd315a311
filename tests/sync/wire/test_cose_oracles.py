"""What we sign, others verify: OpenSSL's command line, and a COSE library in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.wire import cose, entry
from tests.vectors.samples import DEVICE_KEY, PURCHASE_ENTRY

PAYLOAD = PURCHASE_ENTRY.stored.payload
SIGNED = cose.to_be_signed(PAYLOAD, public=DEVICE_KEY.public, context=entry.CONTEXT)
CWT_PYTHON = Path(__file__).parents[3] / ".venv-cwt/bin/python"
VERIFY_BY_CWT = """
import hashlib, sys
from cwt import COSE, COSEKey
public, message, context, right = (bytes.fromhex(each) for each in sys.argv[1:])
key = COSEKey.new({1: 1, 2: hashlib.sha256(public).digest()[:8], 3: -8, -1: 6, -2: public, 4: [2]})
try:
    read = COSE.new().decode(b"\\xd2" + message, key, external_aad=context)
except Exception as error:
    sys.exit(f"refused: {error}")
sys.exit(0 if read == right else "another payload")
"""


def pem() -> bytes:
    return Ed25519PublicKey.from_public_bytes(DEVICE_KEY.public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def openssl(folder: Path, signed: bytes) -> subprocess.CompletedProcess[bytes]:
    for name, data in (
        ("key.pem", pem()),
        ("signed", signed),
        ("signature", PURCHASE_ENTRY.stored.signature),
    ):
        (folder / name).write_bytes(data)
    command = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pem",
        "-rawin",
        "-in",
        "signed",
        "-sigfile",
        "signature",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command on this machine")
def test_openssl_verifies_an_entry_and_refuses_a_flipped_byte(tmp_path: Path) -> None:
    assert openssl(tmp_path, SIGNED).returncode == 0
    assert openssl(tmp_path, SIGNED[:-1] + bytes((SIGNED[-1] ^ 1,))).returncode != 0


def cwt(message: bytes, context: str) -> subprocess.CompletedProcess[str]:
    parts = (DEVICE_KEY.public, message, context.encode(), PAYLOAD)
    command = [str(CWT_PYTHON), "-c", VERIFY_BY_CWT, *(each.hex() for each in parts)]
    return subprocess.run(command, capture_output=True, check=False, text=True)


@pytest.mark.skipif(
    not CWT_PYTHON.exists(), reason="no environment .venv-cwt for the COSE library: `make test` makes it"
)
def test_a_cose_library_verifies_a_message_and_refuses_another_context_or_payload() -> None:
    message = cose.sign(PAYLOAD, DEVICE_KEY, context=entry.CONTEXT)
    held = cwt(message, entry.CONTEXT)
    assert (held.returncode, held.stderr) == (0, "")
    assert "refused" in cwt(message, "sofreh/mail/1").stderr
    flipped = bytearray(message)
    flipped[20] ^= 1
    assert "refused" in cwt(bytes(flipped), entry.CONTEXT).stderr
