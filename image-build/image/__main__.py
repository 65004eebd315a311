"""`python -m image`: build the image, fetch its packages, renew the lock, make a release key."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from debian.archive import PartMissing
from image.build import build, cache_folder
from image.lock import LOCK_FILE, fetch, new_lock, read_lock
from image.signing import make_key


def main() -> int:
    """Run one command; its exit code."""
    given = _parser().parse_args()
    try:
        given.run(given)
    except PartMissing as missing:
        print(f"image: {missing}", file=sys.stderr)
        return 1
    except OSError as error:  # a full disk, a folder that is none
        print(f"image: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m image", description="The image of a till's card.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    building = commands.add_parser("build", help="make the image from this commit and the lock")
    building.add_argument("--target", type=Path, default=Path("image-out"), metavar="FOLDER")
    building.add_argument("--key", type=Path, metavar="FILE", help="the release key; without: unsigned")
    building.add_argument("--commit", default="HEAD", metavar="NAME", help="what is built (default: HEAD)")
    building.add_argument("--raw", action="store_true", help="only the image itself, for the lab")
    building.set_defaults(run=_build)
    fetching = commands.add_parser(
        "fetch", help="only bring the lock's packages here, to build without a network"
    )
    fetching.set_defaults(run=_fetch)
    commands.add_parser("lock", help="renew packages.lock from Debian as it is today").set_defaults(run=_lock)
    key = commands.add_parser("key", help="make a release key")
    key.add_argument("file", type=Path, metavar="FILE")
    key.set_defaults(run=lambda given: make_key(given.file))
    return parser


def _build(given: argparse.Namespace) -> None:
    built = build(given.target, _say, key_file=given.key, raw=given.raw, commit=given.commit)
    image = built.folder / f"{built.name}.img{'' if given.raw else '.xz'}"
    _say(f"{image}: {image.stat().st_size / 1e6:.1f} MB; root {built.root_sha256}")


def _fetch(_: argparse.Namespace) -> None:
    lock = read_lock()
    files = fetch((*lock.card, *lock.builder), cache_folder() / "packages", _say)
    _say(f"{len(files)} packages are at hand")


def _lock(_: argparse.Namespace) -> None:
    before = LOCK_FILE.read_text() if LOCK_FILE.exists() else ""
    with tempfile.TemporaryDirectory() as folder:
        text = new_lock(Path(folder)).text()
    LOCK_FILE.write_text(text)
    changed = set(text.splitlines()) - set(before.splitlines())
    _say(f"{LOCK_FILE.name}: {len(changed)} of {len(text.splitlines()) - 1} packages are new")


def _say(words: str) -> None:
    print(words, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
