"""The page finds in each file of the corpus what `sofreh-central verify` finds: the same word, entry and field."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from sync.wire.verifiable import Finding, verify
from tests.sync.inspector.changed_batches import disturbed, with_columns
from tests.sync.inspector.conftest import DELEGATIONS, MANIFEST, ROOT_PUBLIC
from tests.vectors import corpus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.inspector.inspected import Page, Seen

ROWS: list[dict[str, Any]] = MANIFEST["files"]
MUTANTS = 240
AT_ONCE = 40
BATCHES = (
    "batch-market.bin",
    "batch-dictionary.bin",
    "batch-one.bin",
    "batch-every-kind.bin",
    "batch-lean.bin",
)


# Some hundred files with some signatures each, on a machine that may be doing much else.
@pytest.mark.timeout(300)
def test_each_file_is_found_as_the_manifest_says_and_only_proven_data_are_shown(page: Page) -> None:
    for start in range(0, len(ROWS), AT_ONCE):
        rows = ROWS[start : start + AT_ONCE]
        seen = page.look_at([corpus.FOLDER / row["file"] for row in rows])
        assert [(one.name, one.finding, one.where) for one in seen] == [
            (row["file"], row["expected"], row["where"]) for row in rows
        ]
        assert [one.proven for one in seen] == [row["expected"] == Finding.PROVEN for row in rows]
    assert page.browser.complaints == []


@pytest.mark.timeout(300)  # As above.
def test_bytes_changed_by_chance_are_found_as_the_center_finds_them(page: Page, tmp_path: Path) -> None:
    """Where a bit is flipped, a byte is lost or doubled, two verifiers in two languages say the same word."""
    chance = random.Random("two verifiers")
    good = [corpus.FOLDER / row["file"] for row in ROWS if row["expected"] == Finding.PROVEN]
    paths = [_mutant(chance, chance.choice(good), tmp_path / f"{number}.bin") for number in range(MUTANTS)]
    expected = [verify(path.read_bytes(), ROOT_PUBLIC, DELEGATIONS).finding.value for path in paths]
    seen = [
        one for start in range(0, MUTANTS, AT_ONCE) for one in page.look_at(paths[start : start + AT_ONCE])
    ]
    assert [one.finding for one in seen] == expected
    assert len(set(expected)) >= 3


@pytest.mark.timeout(300)  # As above.
def test_columns_changed_by_chance_are_found_as_the_center_finds_them(page: Page, tmp_path: Path) -> None:
    """Pressed by liblzma and signed anew, so that the page must read every column to know what is wrong."""
    chance = random.Random("columns")
    sources = [(corpus.FOLDER / name).read_bytes() for name in BATCHES]
    files = [with_columns(source, bytes) for source in sources]
    files += [
        with_columns(chance.choice(sources), lambda columns: disturbed(columns, chance))
        for _ in range(MUTANTS)
    ]
    paths = [tmp_path / f"{number}.bin" for number in range(len(files))]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file)
    outcomes = [verify(file, ROOT_PUBLIC, DELEGATIONS) for file in files]
    seen = [
        one for start in range(0, len(paths), AT_ONCE) for one in page.look_at(paths[start : start + AT_ONCE])
    ]
    assert [(one.finding, one.where) for one in seen] == [(one.finding, one.where) for one in outcomes]
    assert {"proven", "malformed", "bad_hash"} <= {one.finding for one in outcomes}


def _mutant(chance: random.Random, source: Path, path: Path) -> Path:
    data = bytearray(source.read_bytes())
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            del data[at]
        case 2:
            data.insert(at, data[at])
        case _:
            del data[at:]
    path.write_bytes(data)
    return path


def test_nothing_is_proven_without_a_key(keyless_page: Page) -> None:
    seen = keyless_page.look_at([corpus.FOLDER / "receipt-lines.txt", corpus.FOLDER / "journal-short.bin"])
    assert [(one.finding, one.proven) for one in seen] == [("no_root", False)] * 2


def test_nothing_is_proven_by_another_root(keyless_page: Page) -> None:
    keyless_page.give_key("a6" * 32)
    assert _findings(keyless_page.look_at([corpus.FOLDER / "journal-short.bin"])) == ["bad_signature"]


def test_a_key_that_is_given_by_hand_is_believed(keyless_page: Page) -> None:
    receipt, journal = corpus.FOLDER / "receipt-lines.txt", corpus.FOLDER / "journal-short.bin"
    assert "✓" in keyless_page.give_key(ROOT_PUBLIC.hex())
    # A journal brings its delegations itself, a receipt does not.
    assert _findings(keyless_page.look_at([receipt, journal])) == ["not_delegated", "proven"]
    keys = sorted((corpus.FOLDER / "keys").glob("*.delegation"))
    assert "✓" in keyless_page.give_key("", keys)
    assert _findings(keyless_page.look_at([receipt])) == ["proven"]


def test_the_keys_of_a_center_s_folder_are_believed_together(keyless_page: Page) -> None:
    keys = sorted(
        path for path in (corpus.FOLDER / "keys").iterdir() if path.suffix in {".delegation", ".public"}
    )
    assert "42ab ef43" in keyless_page.give_key("", keys)
    assert _findings(keyless_page.look_at([corpus.FOLDER / "card-good.txt"])) == ["proven"]


@pytest.mark.parametrize("digits", ["", "a6", "zz" * 32, "a6" * 33])
def test_what_is_no_key_is_not_believed(keyless_page: Page, digits: str) -> None:
    assert "این کلید ریشه نیست" in keyless_page.give_key(digits)


@pytest.mark.parametrize("digits", ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "02" + "00" * 31])
def test_a_key_that_anybody_can_sign_for_or_nobody_is_none(keyless_page: Page, digits: str) -> None:
    """Points of order 4, 1 and 2, and what is no point."""
    assert "این کلید ریشه نیست" in keyless_page.give_key(digits)


def test_after_a_wrong_key_the_one_before_is_said_to_be_used(keyless_page: Page) -> None:
    assert "همچنان به کار می‌رود" not in keyless_page.give_key("a6")
    keyless_page.give_key(ROOT_PUBLIC.hex())
    said = keyless_page.give_key("a6")
    assert "این کلید ریشه نیست" in said
    assert "کلید پیشین همچنان به کار می‌رود" in said


def test_a_delegation_of_another_root_is_named_and_not_believed(keyless_page: Page) -> None:
    delegation = corpus.FOLDER / "keys" / "mail.delegation"
    said = keyless_page.give_key("a6" * 32, [delegation])
    assert "mail.delegation" in said
    assert "✓" not in said


def _findings(seen: list[Seen]) -> list[str]:
    return [one.finding for one in seen]
