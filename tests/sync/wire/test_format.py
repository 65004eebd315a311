"""`sync/wire/FORMAT.md` says what the code does: every record, every context, every number, every byte shown."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

import sync.wire
from sync.wire.exported import BATCH, JOURNAL, MAIL
from sync.wire.kinds import Verdict
from sync.wire.verifiable import Finding
from tests.sync.wire import format_blocks
from tests.sync.wire.format_blocks import CHOICES, FORMAT, cddl, examples, named_things, shown
from tests.vectors import make

TEXT = FORMAT.read_text()
PRELUDE = {"any", "bool", "bstr", "integer", "null", "number", "time", "tstr", "uint"}
"""Names of RFC 8610, appendix D, that are used here or tempt to be."""
BLOCKS = dict(shown(TEXT))
SHOWN = {
    "batch.purchase.columns",
    "carried.file",
    "credential.credential",
    "credential.delegations.1",
    "credential.mandated_slim",
    "credential.slim",
    "entries.enrolled.payload",
    "mail.verdicts.payload",
}


@pytest.mark.parametrize("names", sorted(BLOCKS))
def test_a_block_shows_the_fields_of_its_records_with_their_bounds(names: str) -> None:
    assert BLOCKS[names] == format_blocks.block(names)


def test_every_record_and_every_numbered_word_is_shown_once() -> None:
    assert sorted(" ".join(BLOCKS).split()) == sorted(named_things().keys() | CHOICES.keys())


def test_no_block_of_the_format_is_empty() -> None:
    assert TEXT.count("<!-- cddl: ") == len(BLOCKS) > 10
    assert format_blocks.renewed(TEXT) == TEXT


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Leg", "  allowance: natural,"),
        ("Payload", "  ? 8: bstr .size 32, ; lines_hash"),
        ("Purchase", "  5: [0*32 Leg], ; legs"),
        ("Closing", "  15: signed,     ; cash_expected_rial"),
        ("Verbatim", "  private: any / null,"),
        ("Policy", "  15: [0*8 tstr],     ; contacts, at most 120 characters"),
        ("PrivatePart", '  ? 3: tstr .regexp "[0-9]{1,8}", ; code'),
        ("Unit", "  / 1  ; gram"),
        ("SlimCredential", "  issuer: natural / SlimMandate,"),
    ],
)
def test_a_field_is_written_in_cddl(name: str, row: str) -> None:
    assert row in cddl(name).splitlines()


def test_every_name_of_the_cddl_is_defined_once_and_is_not_one_of_the_prelude() -> None:
    rows = [
        re.sub(r'"[^"]*"', "", line.partition(";")[0])
        for part in re.findall(r"```cddl\n(.*?)```", TEXT, re.DOTALL)
        for line in part.splitlines()
    ]
    defined = [match[1] for row in rows if (match := re.match(r"(\w+) =", row))]
    used = {name for row in rows for name in re.findall(r"(?<![\w.])[A-Za-z]\w*(?![\w:])", row)}
    assert len(defined) == len(set(defined))
    assert not PRELUDE & set(defined)
    assert used - PRELUDE <= set(defined)


def test_every_context_stands_in_the_table() -> None:
    contexts = {
        value
        for module in pkgutil.walk_packages(sync.wire.__path__, "sync.wire.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if name.endswith("CONTEXT")
    }
    assert set(re.findall(r"^\| `(sofreh/[\w/-]+)` \|", TEXT, re.MULTILINE)) == contexts


def test_every_verdict_stands_in_the_table() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", TEXT, re.MULTILINE)
    assert rows == [(str(int(verdict)), verdict.name.lower()) for verdict in Verdict]


def test_every_finding_and_every_kind_of_file_stands_in_its_table() -> None:
    section = TEXT[TEXT.index("## 12. ") : TEXT.index("## 13. ")]
    names = [
        name
        for row in re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
        for name in re.findall(r"`([\w-]+)`", row)
    ]
    assert names == [*(magic.decode() for magic in (JOURNAL, BATCH, MAIL)), *Finding]


@pytest.mark.parametrize("path", sorted(SHOWN))
def test_an_example_is_the_vector(path: str) -> None:
    assert examples(TEXT)[path] == make.kept(path)


def test_no_other_bytes_are_shown() -> None:
    assert examples(TEXT).keys() == SHOWN
