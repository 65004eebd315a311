"""One target under the coverage-guided fuzzer: `python -m tests.fuzz.child TARGET [libFuzzer's options and corpus]`.

libFuzzer keeps the process and ends it. Only our own packages are watched, as they are imported.
"""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    """Never returns."""
    with atheris.instrument_imports(include=["drivers", "firmware", "sync"]):
        from tests.fuzz import all_targets  # noqa: PLC0415 -- what is imported here is watched

        target = all_targets.target_named(sys.argv[1])
    for seed in target.seeds():  # what is made once is made before the clock runs
        target.try_(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.try_)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
