"""The coverage-guided fuzzer works here: it finds what is there to be found, and a second of it finds nothing in ours."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.fuzz.__main__ import run
from tests.fuzz.all_targets import target_named
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this machine or Python"
    ),
    pytest.mark.timeout(240),  # a process of its own is slow to begin on a busy machine
]


def test_a_second_of_it_finds_nothing() -> None:
    """In what anybody may hold before a till; others take seconds to begin: `make fuzz` has them."""
    outcome = run(target_named("receipt-text"), seconds=1)
    assert outcome.found == (), outcome.said
    assert outcome.runs > 0
    assert outcome.covered > 0, "our packages are watched"


def test_a_decoder_that_breaks_is_found_and_its_input_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.run

    def broken(command: list[str], **given: Any) -> subprocess.CompletedProcess[str]:
        """The same process, with a decoder that allows no error."""
        program = (
            "from tests.fuzz import all_targets, child\n"
            "from msgspec.structs import replace\n"
            "ticket = replace(all_targets.target_named('ticket'), errors=())\n"
            "all_targets.target_named = lambda name: ticket\n"
            "child.main()"
        )
        done: subprocess.CompletedProcess[str] = real([sys.executable, "-c", program, *command[3:]], **given)
        return done

    monkeypatch.setattr(subprocess, "run", broken)
    monkeypatch.setattr("tests.fuzz.__main__.FOUND", tmp_path)
    outcome = run(Target(name="ticket", decode=len, errors=(), seeds=lambda: [b"ticket"]), seconds=3)
    assert len(outcome.found) == 1
    assert outcome.found[0].is_file()
    assert "EnrollmentRefused" in outcome.said
