"""The committed page is what its sources and the format's description make; with Node, to the byte."""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sync.central.doors.inspector import KEYLESS, PAGE

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = PAGE.parent
FORMAT = FOLDER.parent / "wire" / "FORMAT.md"
FONTS = FOLDER.parents[1] / "drivers" / "fonts"
NEVER_SHOWN = frozenset({
    "Header", "SlimCredential", "SlimMandate", "Delegation", "Role", "Receipt", "Card", "Payload", "TimeInterval", "Line", "PrivatePart",
    "MailBefore", "MailPayload", "ExchangeRequest", "LaterSignatures", "Span", "Batch", "Verbatim", "Dictionary", "Thing", "Buyer", "Granted",
    "SignedDocument",
})  # fmt: skip
"""What carries the rest: its own fields are not told by name."""
ANEW = "make the page anew: cd sync/inspector && npm ci --ignore-scripts && npm run build"
TEXT = PAGE.read_text(encoding="utf-8")


def _in_page(pattern: str) -> str:
    found = re.search(pattern, TEXT, re.DOTALL)
    assert found is not None, pattern
    return found[1]


def _sources() -> list[Path]:
    files = [path for name in ("build", "source") for path in (FOLDER / name).rglob("*") if path.is_file()]
    return sorted(
        [FOLDER / "package-lock.json", *files], key=lambda path: path.relative_to(FOLDER).as_posix()
    )


def test_the_page_is_made_from_these_sources() -> None:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(FOLDER).as_posix()}\n{path.read_text(encoding='utf-8')}\n".encode())
    assert _in_page('name="sources" content="([0-9a-f]+)"') == digest.hexdigest(), ANEW


def test_the_page_reads_by_what_the_format_says_today() -> None:
    definitions = _in_page('id="format">\n(.*?)\n</script>').split("\n\n")
    described = FORMAT.read_text(encoding="utf-8")
    assert len(definitions) > 50
    assert [one for one in definitions if one not in described] == [], ANEW


def test_all_that_may_be_shown_has_a_persian_word() -> None:
    """Of every field and every number with a name, in what entries and mail say."""
    words = (FOLDER / "source" / "words" / "fa.js").read_text(encoding="utf-8")
    fields, enums = (_words(words, name) for name in ("fields", "enums"))
    named_fields, named_numbers = set(), set()
    for one in _in_page('id="format">\n(.*?)\n</script>').split("\n\n"):
        name = one.partition(" ")[0]
        if name in NEVER_SHOWN:
            continue
        named_fields |= set(re.findall(r"^  (?:\? )?\d+: .*; (\w+)", one, re.MULTILINE))
        named_fields |= set(re.findall(r"^  ([a-z]\w*): ", one, re.MULTILINE))
        named_numbers |= set(re.findall(r"^ +/? *\d+ +; (\w+)$", one, re.MULTILINE))
    assert len(named_fields) > 100
    assert len(named_numbers) > 80
    assert named_fields - fields == set()
    assert named_numbers - enums == set()


def _words(text: str, name: str) -> set[str]:
    found = re.search(rf"^  {name}: {{\n(.*?)^  }},$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall(r'(?:^|[\s,{])"?(\w+)"?: "', found[1]))


def test_only_the_script_and_the_style_that_were_built_may_run() -> None:
    policy = html.unescape(_in_page('Content-Security-Policy" content="([^"]+)"'))
    for part in ("default-src 'none'", "connect-src 'none'", "base-uri 'none'", "form-action 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert not re.search(
        r"""(?:src|href|action)\s*=\s*["'][^"']""", re.sub(r"<script>.*?</script>", "", TEXT, flags=re.DOTALL)
    )


def test_the_page_is_small_and_names_the_libraries_in_it_with_their_licences() -> None:
    assert len(TEXT.encode()) < 300_000
    pinned = json.loads((FOLDER / "package.json").read_text())["devDependencies"]
    for name in ("@noble/curves", "@noble/hashes", "qr"):
        assert f"{name} {pinned[name]}" in TEXT
    assert TEXT.count("Permission is hereby granted, free of charge") == 4
    assert "SIL OPEN FONT LICENSE Version 1.1" in TEXT
    assert TEXT.count(KEYLESS) == 1


def test_the_lock_pins_each_library_by_its_hash_and_names_no_host() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not any("resolved" in one for one in packages.values())


# It fetches some packages where this machine has not kept them.
@pytest.mark.timeout(300)
def test_a_build_makes_the_same_bytes(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node and npm: apt-get install nodejs npm")
    folder = tmp_path / "sync" / "inspector"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "sync" / "wire").mkdir()
    shutil.copy(FORMAT, tmp_path / "sync" / "wire")
    shutil.copytree(FONTS, tmp_path / "drivers" / "fonts")
    order = [
        npm,
        "ci",
        "--ignore-scripts",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
        "--fetch-timeout=20000",
        "--fetch-retries=1",
    ]
    if subprocess.run(order, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("npm could not install the page's libraries: it has no registry here")
    (folder / PAGE.name).unlink()
    subprocess.run([npm, "run", "-s", "build"], cwd=folder, capture_output=True, check=True)
    assert (folder / PAGE.name).read_bytes() == PAGE.read_bytes(), ANEW
