"""The lab's agent on this machine: it tells how every program ended, however fast."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lab.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = 60


@pytest.fixture
def host() -> Iterator[socket.socket]:
    """The host's end of the line of an agent in a process of its own."""
    host, guest = socket.socketpair()
    line = (sys.executable, "-c", f"from lab.agent import Agent; Agent({guest.fileno()}).serve()")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "image-build")}
    with subprocess.Popen(line, env=environment, pass_fds=(guest.fileno(),)) as agent:
        guest.close()
        host.settimeout(20)
        yield host
        host.close()
        agent.kill()


def test_of_many_short_programs_every_end_is_told(host: socket.socket) -> None:
    orders = [{"start": f"{number}", "line": ["sh", "-c", f"exit {number}"]} for number in range(PROGRAMS)]
    host.sendall("".join(f"{json.dumps(order)}\n" for order in orders).encode())
    ended: dict[str, int] = {}
    with host.makefile() as reports:
        while len(ended) < PROGRAMS:
            report = json.loads(reports.readline() or '{"from": "", "ended": "the agent is no more"}')
            assert report.get("from") != "", report
            if "ended" in report:
                ended[report["from"]] = report["ended"]
    assert ended == {f"{number}": number for number in range(PROGRAMS)}
