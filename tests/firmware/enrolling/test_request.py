"""A till's request is the same until it is answered, whatever happens to the power in between."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from firmware.enrolling.request import REQUEST_FILE, ask
from firmware.errors import EnrollmentRefused
from sync.wire.enrolling.mandate import open_request
from sync.wire.enrolling.request_qr import from_qr

if TYPE_CHECKING:
    from pathlib import Path


def test_a_request_is_signed_by_keys_that_were_made_here_and_is_kept(tmp_path: Path) -> None:
    asked = ask(tmp_path / "data", software="0.1.0", random_bytes=os.urandom)
    assert open_request(from_qr(asked.qr)) == asked.request
    assert asked.request.token == ""
    again = ask(tmp_path / "data", software="0.1.0", random_bytes=os.urandom)
    assert (again.qr, again.key_fingerprint) == (asked.qr, asked.key_fingerprint)


def test_another_software_asks_anew_with_the_same_keys(tmp_path: Path) -> None:
    first = ask(tmp_path, software="0.1.0", random_bytes=os.urandom)
    second = ask(tmp_path, software="0.2.0", random_bytes=os.urandom)
    assert second.request.nonce != first.request.nonce
    assert second.key.public == first.key.public


@pytest.mark.parametrize("kept", [b"", b"\x84", b"x" * 5000])
def test_a_damaged_request_is_made_anew(tmp_path: Path, kept: bytes) -> None:
    first = ask(tmp_path, software="0.1.0", random_bytes=os.urandom)
    (tmp_path / REQUEST_FILE).write_bytes(kept)
    second = ask(tmp_path, software="0.1.0", random_bytes=os.urandom)
    assert second.key.public == first.key.public
    assert second.qr != first.qr
    assert ask(tmp_path, software="0.1.0", random_bytes=os.urandom).qr == second.qr


def test_the_request_of_other_keys_is_not_used(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    first = ask(one, software="0.1.0", random_bytes=os.urandom)
    ask(two, software="0.1.0", random_bytes=os.urandom)
    (two / REQUEST_FILE).write_bytes((one / REQUEST_FILE).read_bytes())
    assert ask(two, software="0.1.0", random_bytes=os.urandom).request.public != first.request.public


def test_no_text_of_a_request_ends_with_a_space(tmp_path: Path) -> None:
    texts = [ask(tmp_path / str(at), software="0.1.0", random_bytes=os.urandom).qr for at in range(60)]
    assert all(text == text.strip() for text in texts)
    assert any(" " in text for text in texts), "the sign is used"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnrollmentRefused, match="file"):
        ask(tmp_path / "file", software="0.1.0", random_bytes=os.urandom)
    ask(tmp_path / "data", software="0.1.0", random_bytes=os.urandom)
    (tmp_path / "data" / REQUEST_FILE).unlink()
    (tmp_path / "data" / f"{REQUEST_FILE}.new").mkdir()
    with pytest.raises(EnrollmentRefused, match=REQUEST_FILE):
        ask(tmp_path / "data", software="0.1.0", random_bytes=os.urandom)
