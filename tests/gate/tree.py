"""The repository as the gate's tests see it: its files, its Python modules, its settings."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PRODUCT = ("firmware", "drivers", "sync")


def files() -> list[Path]:
    """Every file that git knows or would take, relative to the root; nothing that commands made."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(path for name in set(listed.split("\0")) - {""} if (ROOT / (path := Path(name))).is_file())


def python_files(*tops: str) -> list[Path]:
    """The Python files under some top folders, relative to the root; all of them without an argument."""
    return [path for path in files() if path.suffix == ".py" and (not tops or path.parts[0] in tops)]


def module_name(path: Path) -> str:
    """The dotted name under which a file is imported."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(*packages: str) -> list[str]:
    """Every module below some packages that may be imported without being run."""
    names = [module_name(path) for path in python_files(*PRODUCT) if path.stem != "__main__"]
    return [name for name in names if any(f"{name}.".startswith(f"{package}.") for package in packages)]


def settings() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
