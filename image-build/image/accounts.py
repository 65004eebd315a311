"""The card's users and groups, from `accounts.txt`.

Rules: numbers are fixed, for files on the data partition bear them and outlive each root; nobody has a password.

Source: passwd(5), group(5), shadow(5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image.lock import listed

if TYPE_CHECKING:
    from pathlib import Path

_HOMES = {"root": ("/root", "/bin/sh"), "sofreh": ("/data/sofreh", "/usr/sbin/nologin")}
_NO_HOME = ("/nonexistent", "/usr/sbin/nologin")


def write_accounts(root: Path) -> None:
    """Write passwd, group and shadow below `root`."""
    users: dict[str, int] = {}
    groups: dict[str, tuple[int, str]] = {}
    for line in listed("accounts.txt"):
        kind, name, number, *members = line.split()
        if kind == "user":
            users[name] = int(number)
        groups[name] = (int(number), ",".join(members))
    lines = {
        "passwd": [
            ":".join((name, "x", str(number), str(number), "", *_HOMES.get(name, _NO_HOME)))
            for name, number in users.items()
        ],
        "group": [f"{name}:x:{number}:{members}" for name, (number, members) in groups.items()],
        "shadow": [f"{name}:*:::::::" for name in users],
    }
    for name, content in lines.items():
        (root / "etc" / name).write_text("".join(f"{line}\n" for line in content))
