"""The README's tables that the code knows better: made here, compared by a test, renewed by `python -m tests.gate.readme_blocks`.

A block stands between ``<!-- name:begin -->`` and ``<!-- name:end -->``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.beeper import NOTES
from drivers.printer.profiles import TextMode, built_in
from drivers.sound import Sound
from firmware import config
from firmware.receipt.decline_slips import TEXTS
from firmware.till.codes import documented
from sync.wire.kinds import DeclineReason, EntryKind, MailKind
from sync.wire.verdicts import VERDICT_TEXTS
from tests.gate import field_failures
from tests.gate.tree import ROOT, python_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

README = ROOT / "README.md"
PRODUCT_FOLDERS = ("firmware", "drivers", "sync")
NOT_PYTHON = {
    Path(
        "sync/inspector"
    ): "The inspector's page: a second verifier in JavaScript, as one HTML file that needs no network"
}


def tree() -> str:
    """Every package of the product with the first sentence of its docstring, then what else stands at the top."""
    packages = {
        path.parent: _first_sentence(path.as_posix())
        for path in python_files(*PRODUCT_FOLDERS)
        if path.name == "__init__.py"
    }
    rows = [
        (f"{'  ' * (len(folder.parts) - 1)}{folder.name}/", meaning)
        for folder, meaning in sorted((packages | NOT_PYTHON).items())
    ]
    rows += [
        ("tests/", _first_sentence("tests/__init__.py")),
        (
            "image-build/",
            "Everything between a commit and an SD card: the image, its services, and the lab that runs it in a real kernel",
        ),
    ]
    width = max(len(name) for name, _ in rows) + 2
    return "```\n" + "\n".join(f"{name:<{width}}{meaning}" for name, meaning in rows) + "\n```"


def keypad() -> str:
    """The keypad's language."""
    return table(("keys", "meaning"), [(f"`{keys}`", meaning) for keys, meaning in documented()])


def declines() -> str:
    """Every decline with what paper says first."""
    rows = [(str(int(reason)), f"`{reason.name}`", TEXTS[reason.name].what) for reason in DeclineReason]
    return table(("number", "decline", "what paper says"), rows)


def verdicts() -> str:
    """Every verdict of the center."""
    rows = [
        (
            str(int(verdict)),
            f"`{verdict.name}`",
            f"{text.english}<br>{text.persian}",
            f"{text.todo_english}<br>{text.todo_persian}",
        )
        for verdict, text in VERDICT_TEXTS.items()
    ]
    return table(("code", "verdict", "what it means", "what the shop should do"), rows)


def kinds() -> str:
    """Entry and mail kinds."""
    entries = ", ".join(f"{int(kind)} {kind.name.lower()}" for kind in EntryKind)
    mails = ", ".join(f"{int(kind)} {kind.name.lower()}" for kind in MailKind)
    return f"Entry kinds: {entries}.\n\nMail kinds: {mails}."


def configuration() -> str:
    """Every key of the appliance's configuration file."""
    rows = [
        (
            f"`{key.name}`",
            key.allowed,
            "" if key.default in (..., None) else f"`{_as_in_toml(key.default)}`",
            key.meaning,
        )
        for key in config.KEYS
    ]
    return table(("key", "allowed", "default", "meaning"), rows)


def _as_in_toml(default: object) -> str:
    """A flag, number, text or list of texts as it is written in the file; JSON writes these alike."""
    return json.dumps(default, ensure_ascii=False)


def printers() -> str:
    """Every printer profile of ours."""
    rows = [
        (
            f"`{profile.name}`",
            profile.title,
            str(profile.width_dots),
            ", ".join(f"`{form.value}`" for form in profile.raster),
            "yes" if profile.text_mode is not TextMode.NONE else "",
            "yes" if profile.has_native_qr else "",
            ", ".join(f"`{answer.value}`" for answer in profile.answers),
        )
        for profile in built_in().values()
    ]
    return table(
        ("profile", "printers", "dots", "dots go as", "letters of ours", "own QR", "answers to"), rows
    )


def sounds() -> str:
    """What each sound is."""
    rows = [
        (
            sound.name.lower(),
            ", ".join(
                f"{note.hz} Hz {note.ms} ms" if note.hz else f"pause {note.ms} ms" for note in NOTES[sound]
            ),
        )
        for sound in Sound
    ]
    return table(("sound", "notes on a sound device; the printer's buzzer gives as many"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "tree": tree,
    "keypad": keypad,
    "declines": declines,
    "verdicts": verdicts,
    "kinds": kinds,
    "configuration": configuration,
    "printers": printers,
    "sounds": sounds,
}


def found(name: str, text: str) -> str | None:
    """What stands in a block of `text`."""
    match = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", text, re.DOTALL)
    return None if match is None else match[1].removesuffix("\n")


def renewed(text: str) -> str:
    """`text` with every block made anew."""
    for name, make in BLOCKS.items():
        begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        before, found_begin, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        assert found_begin, f"the README has a block {name}"
        assert found_end, f"the block {name} ends"
        text = f"{before}{begin}{make()}\n{end}{after}"
    return text


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _first_sentence(path: str) -> str:
    line = (ROOT / path).read_text().splitlines()[0]
    return line.removeprefix('"""').removesuffix('"""').rstrip(".")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text()))
    field_failures.TABLE.write_text(field_failures.table())
