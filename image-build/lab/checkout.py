"""The checkout as the guest sees it: the product's packages, what of them is not in Debian, and the guest's end of the lab."""

from __future__ import annotations

import shutil
import tarfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILED = "compiled.tar"
PRODUCT = ("drivers", "firmware", "sync")
PACKED_WITH_US = ("persiantools",)
OF_THE_LAB = ("__init__.py", "agent.py", "till_side.py")


def lay_out(folder: Path, compiled: Path) -> None:
    """Copy what the guest runs into `folder`, with what it compiled in an earlier run, if the file `compiled` is there.

    What has changed since is compiled anew: Python compares time and size of its source.
    """
    if compiled.exists():
        shutil.copy2(compiled, folder / COMPILED)
    else:
        tarfile.open(folder / COMPILED, "w").close()
    for name in PRODUCT:
        _copy(ROOT / name, folder / name)
    for name in PACKED_WITH_US:
        found = find_spec(name)
        assert found is not None, "in the lock"
        assert found.submodule_search_locations, "a package"
        _copy(Path(found.submodule_search_locations[0]), folder / name)
    (folder / "lab").mkdir()
    for name in OF_THE_LAB:
        shutil.copy2(Path(__file__).parent / name, folder / "lab" / name)


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
