"""The coverage-guided fuzzer: `python -m tests.fuzz [--seconds N] [TARGET ...]`, or `make fuzz`.

Each target runs in a process of its own, for libFuzzer keeps it, with the good inputs as its corpus and the same errors
allowed as in the tests. An input that breaks one is written to `tests/fuzz/found/TARGET/`, where the tests will try it for
ever. Exit status: 0 nothing was found, 1 something was, 2 atheris is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.fuzz import center_targets
from tests.fuzz.all_targets import all_targets, target_named
from tests.fuzz.target import FOUND, INPUT_BYTES_MAX, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 5
MEMORY_MIB_MAX = 1_024
INPUT_SECONDS_MAX = 10
_DONE = re.compile(r"Done (\d+) runs")
_PROGRESS = re.compile(r"#(\d+)\s.*?cov: (\d+).*?corp: (\d+)")


class Outcome(NamedTuple):
    """What one target's run came to."""

    runs: int
    covered: int
    inputs: int
    found: tuple[Path, ...]
    said: str


def main() -> int:
    """Fuzz and summarize."""
    given = _arguments()
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris is not installed here (it has wheels for x86-64 and some versions of Python)",
            file=sys.stderr,
        )
        return 2
    try:
        return _summary(given.targets or all_targets(), given.seconds)
    finally:
        center_targets.close()


def _summary(targets: Sequence[Target], seconds: int) -> int:
    broken = 0
    for target in targets:
        outcome = run(target, seconds=seconds)
        broken += bool(outcome.found)
        print(
            f"{target.name:<24} {outcome.runs:>9,} runs {outcome.covered:>7,} edges {outcome.inputs:>6,} inputs"
            f"  {'FOUND ' + ', '.join(str(path) for path in outcome.found) if outcome.found else 'holds'}",
            flush=True,
        )
        if outcome.found:
            print(outcome.said, flush=True)
    print(f"{broken} of {len(targets)} decoders broke")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Look for bytes that break a decoder."
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each target (default: %(default)s)")
    names = ", ".join(target.name for target in all_targets())
    parser.add_argument("targets", nargs="*", type=_target, metavar="TARGET", help=names)
    return parser.parse_args()


def _target(name: str) -> Target:
    try:
        return target_named(name)
    except KeyError:
        raise argparse.ArgumentTypeError(f"{name} is no target") from None


def run(target: Target, *, seconds: int) -> Outcome:
    """Fuzz one target in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="sofreh-fuzz-") as folder:
        corpus, crashes = Path(folder, "corpus"), Path(folder, "crashes")
        corpus.mkdir()
        crashes.mkdir()
        for index, seed in enumerate((*target.seeds(), *target.found())):
            (corpus / f"seed-{index}").write_bytes(seed)
        ran = subprocess.run(
            [
                sys.executable, "-m", "tests.fuzz.child", target.name, f"-max_total_time={seconds}",
                f"-max_len={INPUT_BYTES_MAX}", f"-rss_limit_mb={MEMORY_MIB_MAX}", f"-timeout={INPUT_SECONDS_MAX}",
                f"-artifact_prefix={crashes}/", str(corpus),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        said = ran.stdout
        kept = tuple(_keep(target, path) for path in sorted(crashes.iterdir()))
    done = _DONE.search(said)
    seen = _PROGRESS.findall(said)
    runs, covered, inputs = (int(number) for number in seen[-1]) if seen else (0, 0, 0)
    if ran.returncode and not kept:
        kept = (Path(f"exit status {ran.returncode}"),)
    return Outcome(int(done[1]) if done else runs, covered, inputs, kept, said[-4_000:])


def _keep(target: Target, path: Path) -> Path:
    folder = FOUND / target.name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / path.name
    kept.write_bytes(path.read_bytes())
    return kept.relative_to(Path.cwd()) if kept.is_relative_to(Path.cwd()) else kept


if __name__ == "__main__":
    sys.exit(main())
