"""The appliance runs without the center's libraries, and the center without the appliance's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.gate.tree import ROOT, modules

TOOLS = (
    "cbor2",
    "barcode",
    "coverage",
    "cryptography_vectors",
    "escpos",
    "hypothesis",
    "pytest",
    "zxingcpp",
    "tests",
)

IMPORT_EACH = """
import importlib, importlib.abc, sys

blocked, modules = sys.argv[1].split(","), sys.argv[2].split(",")

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if any(f"{name}.".startswith(f"{top}.") for top in blocked):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Blocker())
failures = []
for module in modules:
    try:
        importlib.import_module(module)
    except ImportError as error:
        failures.append(f"{module}: {error}")
print("\\n".join(failures), end="")
"""


def import_without(blocked: tuple[str, ...], wanted: list[str]) -> str:
    """Import each module in a process of its own that lacks some packages; what failed."""
    script = [sys.executable, "-c", IMPORT_EACH, ",".join(blocked), ",".join(wanted)]
    return subprocess.run(script, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_the_blocker_blocks() -> None:
    assert "sync.wire is not installed here" in import_without(("sync.wire",), ["sync.wire"])


@pytest.mark.parametrize("package", ["firmware", "drivers", "sync.wire", "sync.uplink"])
def test_the_appliance_needs_nothing_of_the_center(package: str) -> None:
    center = ("sync.central", "starlette", "uvicorn", "asyncpg", "anyio")
    assert import_without((*center, *TOOLS), modules(package)) == ""


def test_the_simulated_appliance_never_needs_the_kernel_s_input_library() -> None:
    assert import_without(("evdev",), modules("firmware", "drivers")) == ""


@pytest.mark.parametrize("package", ["sync.wire", "sync.central"])
def test_the_center_needs_nothing_of_the_appliance(package: str) -> None:
    appliance = ("firmware", "drivers", "sync.uplink", "evdev", "serial")
    assert import_without((*appliance, *TOOLS), modules(package)) == ""
