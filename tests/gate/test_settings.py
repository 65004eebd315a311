"""What pyproject.toml and the lock promise: pinned libraries, reasons for every exception, contracts that hold all."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.gate.tree import ROOT, files, module_name, settings

LOCKS = ("requirements.lock", "cwt.lock")
PURE_CORE = {
    "firmware/authorizer.py",
    "firmware/basket.py",
    "firmware/entitlements.py",
    "sync/central/chains/verification.py",
    "sync/wire/**",
}


def requirements() -> list[str]:
    extras = settings()["project"]["optional-dependencies"]
    return [requirement for extra in extras.values() for requirement in extra]


def lock_lines(name: str) -> list[str]:
    return [line for line in (ROOT / ".ci" / name).read_text().splitlines() if line and line[0] not in "# "]


def test_every_library_is_pinned_to_one_release() -> None:
    assert [
        text for text in requirements() if not re.fullmatch(r"[a-z0-9.-]+==[0-9a-z.]+(; .+)?", text)
    ] == []


def test_the_lock_holds_every_library_as_pinned() -> None:
    locked = {line.split(" ")[0] for line in lock_lines("requirements.lock")}
    assert {text.split(";")[0] for text in requirements()} <= locked


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_releases_and_hashes_but_no_place(lock: str) -> None:
    text = (ROOT / ".ci" / lock).read_text()
    assert all("==" in line for line in lock_lines(lock))
    assert text.count("--hash=sha256:") >= len(lock_lines(lock))
    assert "://" not in text
    assert "@" not in text


def test_the_signature_vectors_are_of_the_library_s_own_release() -> None:
    assert version("cryptography-vectors") == version("cryptography")


def test_every_exception_from_a_rule_gives_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ignored = text[text.index("\nignore = [") : text.index("\n[tool.ruff.lint.flake8-tidy-imports]")]
    rules = [line for line in ignored.splitlines() if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert len(rules) > 10
    assert [line for line in rules if not re.search(r",\s+# \w+", line)] == []


@pytest.mark.parametrize("package", ["drivers", "firmware", "sync"])
def test_an_import_contract_places_every_module_of(package: str) -> None:
    contracts = settings()["tool"]["importlinter"]["contracts"]
    exhaustive = [contract for contract in contracts if contract.get("exhaustive")]
    assert package in {container for contract in exhaustive for container in contract["containers"]}


def test_every_branch_of_the_pure_core_must_be_tested() -> None:
    coverage = settings()["tool"]["coverage"]
    assert coverage["run"]["branch"]
    assert coverage["report"]["fail_under"] == 100
    assert set(coverage["report"]["include"]) >= PURE_CORE


def test_the_pure_core_that_must_be_tested_exists() -> None:
    names = [str(path) for path in files()]
    listed = settings()["tool"]["coverage"]["report"]["include"]
    assert [glob for glob in listed if not any(name.startswith(glob.rstrip("*")) for name in names)] == []


def test_an_import_contract_keeps_the_pure_core_pure() -> None:
    contracts = settings()["tool"]["importlinter"]["contracts"]
    pure = {
        module
        for contract in contracts
        if {"asyncio", "os", "time"} <= set(contract.get("forbidden_modules", ()))
        for module in contract["source_modules"]
    }
    listed = [Path(glob.rstrip("/*")) for glob in settings()["tool"]["coverage"]["report"]["include"]]
    assert {module_name(path) for path in listed if (ROOT / path).exists()} <= pure


def test_ci_runs_what_a_person_runs() -> None:
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("exec make test")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {"demo", "test", "bench", "check", "format", "clean", "help"} <= targets
