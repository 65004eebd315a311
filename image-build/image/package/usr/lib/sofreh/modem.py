"""Connects a USB modem: `modem.py APN_FILE NETWORK_FILE`.

ModemManager finds the modem and dials; what the provider answers is written as a file of systemd-networkd, which does the rest.
A modem that shows itself as a network card needs none of this: it is served like a wire.

Rules: runs as root; waits for nobody longer than its unit allows; the unit tries again. Standard library only.

Source: mmcli(1), systemd.network(5).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ABSENT = "--"


def network_of(bearer: dict[str, Any]) -> str:
    """The networkd file for a connected bearer, as `mmcli --bearer N --output-json` says it."""
    said = bearer["bearer"]
    lines = [
        "[Match]",
        f"Name={said['status']['interface']}",
        "",
        "[Link]",
        "RequiredForOnline=no",
        "",
        "[Network]",
    ]
    given = said["ipv4-config"]
    if given["method"] == "static":
        lines.append(f"Address={given['address']}/{given['prefix']}")
        lines += [f"DNS={address}" for address in given["dns"]]
        lines += ["", "[Route]", "Metric=2000"]
        lines.append("Scope=link" if given["gateway"] == _ABSENT else f"Gateway={given['gateway']}")
        if given["gateway"] == _ABSENT:
            lines.append("Destination=0.0.0.0/0")
    else:
        lines += ["DHCP=ipv4", "", "[DHCPv4]", "RouteMetric=2000"]
    return "\n".join(lines) + "\n"


def _mmcli(*line: str) -> dict[str, Any]:
    done = subprocess.run(("mmcli", "--output-json", *line), capture_output=True, text=True, check=True)
    made: dict[str, Any] = json.loads(done.stdout or "{}")
    return made


def main(arguments: list[str]) -> int:
    """Connect the first modem; the exit code."""
    apn_file, network_file = map(Path, arguments)
    modems = _mmcli("--list-modems")["modem-list"]
    if not modems:
        return 1
    subprocess.run(("mmcli", "-m", modems[0], f"--simple-connect={apn_file.read_text().strip()}"), check=True)
    bearers = _mmcli("-m", modems[0])["modem"]["generic"]["bearers"]
    network_file.parent.mkdir(parents=True, exist_ok=True)
    network_file.write_text(network_of(_mmcli("--bearer", bearers[-1])))
    subprocess.run(("networkctl", "reload"), check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
