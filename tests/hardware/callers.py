"""Who calls a card over its network: a technician with ssh, and somebody who only listens."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS_WITHIN_S = 90
SILENT_S = 5


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as one:
        port: int = one.getsockname()[1]
        return port


def is_silent(port: int) -> bool:
    """Whether nobody greets a caller: QEMU's end takes each call, and the card's drops it."""
    try:
        with socket.create_connection(("127.0.0.1", port), SILENT_S) as call:
            call.settimeout(SILENT_S)
            return not call.recv(1)
    except OSError:
        return True


def gets_in(port: int, key: Path, user: str) -> tuple[int, str]:
    """The exit code of ssh, and what it or the card's `hostname` says; a refusal names what the card would take."""
    line = (
        "ssh", "-F", "none", "-p", f"{port}", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "NumberOfPasswordPrompts=0",
        "-o", f"ConnectTimeout={ANSWERS_WITHIN_S}", f"{user}@127.0.0.1", "hostname",
    )  # fmt: skip
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
