"""`sofreh-central verify FILE`: what a file or a text proves to anybody who holds the root's public key. No center is needed.

The keys are `root.public` and the `*.delegation` files of a folder such as a center's; nothing else in it is read. Or the
root's key alone, in hexadecimal: then a file must bring its delegations itself.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.central.errors import StoreFailed, WrongInput
from sync.central.result import Result
from sync.wire import card, receipt_qr
from sync.wire.cose import PUBLIC_KEY_BYTES
from sync.wire.verifiable import FILE_BYTES_MAX, Finding, Outcome, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_BYTES_MAX = 1024
TEXTS = (receipt_qr.PREFIX, card.PREFIX)


def inspect(given: Sequence[str], *, root: str | None, keys: Path) -> Result:
    """Look at each of `given`: the path of a file, or the text of a QR itself.

    With `root` the delegations of `keys` are read only where it is this root's folder. Raises: WrongInput, StoreFailed.
    """
    root_public, delegations = _trusted(root, keys)
    outcomes = [(_name(one), _outcome(one, root_public, delegations)) for one in given]
    return Result(
        {"files": [_data(name, outcome) for name, outcome in outcomes]},
        [line for name, outcome in outcomes for line in outcome.lines(name)],
        all(outcome.finding is Finding.PROVEN for _, outcome in outcomes),
    )


def _trusted(root: str | None, keys: Path) -> tuple[bytes, tuple[bytes, ...]]:
    path = keys / "root.public"
    root_public = _read_key(path) if root is None else _from_hexadecimal(root)
    if len(root_public) != PUBLIC_KEY_BYTES:
        raise WrongInput(str(path), f"is not a key of {PUBLIC_KEY_BYTES} bytes")
    if root is not None and not (path.is_file() and _read_key(path) == root_public):
        return root_public, ()
    return root_public, tuple(_read_key(path) for path in sorted(keys.glob("*.delegation")))


def _from_hexadecimal(text: str) -> bytes:
    try:
        root_public = bytes.fromhex(text)
    except ValueError:
        root_public = b""
    if len(root_public) != PUBLIC_KEY_BYTES:
        raise WrongInput("--root", f"is not a key of {2 * PUBLIC_KEY_BYTES} hexadecimal digits")
    return root_public


def _read_key(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEY_BYTES_MAX + 1)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _outcome(given: str, root_public: bytes, delegations: tuple[bytes, ...]) -> Outcome:
    if given.startswith(TEXTS):
        return verify(given.encode(errors="replace"), root_public, delegations)
    try:
        data = _read(Path(given))
    except OSError as error:
        return Outcome("file", Finding.UNREADABLE, "file", error.strerror or str(error))
    return verify(data, root_public, delegations)


def _read(path: Path) -> bytes:
    """At most a byte more than is allowed. A pipe or a device is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "is not a file")
        return file.read(FILE_BYTES_MAX + 1)


def _name(given: str) -> str:
    return f"{given[:12]}..." if given.startswith(TEXTS) else given


def _data(name: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "file": name, "what": outcome.what, "finding": str(outcome.finding), "where": outcome.where, "why": outcome.why,
        "entries": outcome.entries, "shown": list(outcome.shown), "unproven": list(outcome.unproven),
    }  # fmt: skip
