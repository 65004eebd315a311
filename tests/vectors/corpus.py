"""The corpus: one file for each way to be right or wrong, and a manifest of what a verifier must find in it.

`python -m tests.vectors.corpus` writes it anew, always the same bytes. The manifest: `root_public`, `delegations` and, for
each file, `expected` (a word of `sync.wire.verifiable.Finding`), `where` (the entry and field that a verifier must name),
`means` (what was done to it), and for some `verdict`, the center's about entry `entry`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.wire.kinds import SIGNING_ROLES
from tests.vectors import (
    corpus_batches,
    corpus_journals,
    corpus_mandates,
    corpus_others,
    corpus_verdicts,
    samples,
)

if TYPE_CHECKING:
    from tests.vectors.corpus_parts import Case

FOLDER = Path(__file__).parent / "corpus"
KEYS = FOLDER / "keys"
MANIFEST = FOLDER / "manifest.json"


def cases() -> tuple[Case, ...]:
    """All files, by name."""
    parts = (corpus_batches, corpus_journals, corpus_mandates, corpus_others, corpus_verdicts)
    return tuple(sorted((case for part in parts for case in part.cases()), key=lambda case: case.name))


def manifest(made: tuple[Case, ...]) -> dict[str, Any]:
    """What the file `manifest.json` holds."""
    return {
        "root_public": samples.ROOT.public.hex(),
        "delegations": [message.hex() for message in samples.DELEGATION_MESSAGES],
        "household_key": samples.HOUSEHOLD_KEY.hex(),
        "arrived_s": corpus_verdicts.ARRIVED_S,
        "files": [_row(case) for case in made],
    }


def _row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {
        "file": case.file,
        "kind": case.kind,
        "expected": case.expected,
        "where": case.where,
        "means": case.means,
    }
    return row | ({"verdict": case.verdict, "entry": case.entry} if case.verdict else {})


def files() -> dict[Path, bytes]:
    """Every file of the folder, by its path in it. `keys` are laid out as a center keeps them."""
    made = cases()
    keys = {Path("keys", "root.public"): samples.ROOT.public}
    for role, message in zip(SIGNING_ROLES, samples.DELEGATION_MESSAGES, strict=True):
        keys[Path("keys", f"{role.name.lower()}.delegation")] = message
    text = json.dumps(manifest(made), indent=1, ensure_ascii=False) + "\n"
    return {Path(case.file): case.data for case in made} | keys | {Path(MANIFEST.name): text.encode()}


def read_manifest() -> dict[str, Any]:
    """What the committed manifest holds."""
    held: dict[str, Any] = json.loads(MANIFEST.read_text())
    return held


def write() -> None:
    """Write every file, and take away what is no longer one."""
    made = files()
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.relative_to(FOLDER) not in made:
            path.unlink()
    for path, data in made.items():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


if __name__ == "__main__":
    write()
