"""What the enrollment says of the network, in the words of the programs that make it: `network.py FROM INTO`.

FROM is written by the till after the center's signature held: `ssid`, `passphrase`, `apn`, `user`, `password`, each a text that
may be missing. INTO gets `wpa.conf` and `apn`; a file whose part is missing is taken away.

Rules: runs as root, so nothing of FROM reaches a file unless it has the shape that its program expects; a passphrase becomes
its key here. Standard library only.

Source: IEEE 802.11-2020 J.4 (passphrase to key), wpa_supplicant.conf(5), mmcli(1) --simple-connect.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tomllib
from pathlib import Path

FILE_BYTES_MAX = 4096
SSID_BYTES_MAX = 32
_PASSPHRASE = re.compile(r"[ -~]{8,63}")
_PLAIN = re.compile(r"[A-Za-z0-9._@-]{1,100}")
_COUNTRY = "IR"


class NetworkRefused(Exception):
    """What the file says cannot be meant; names the key."""


def wifi_of(said: dict[str, object]) -> str | None:
    """wpa_supplicant's configuration, or None without `ssid`. Raises: NetworkRefused."""
    if "ssid" not in said:
        return None
    name = _text(said, "ssid").encode()
    if not 0 < len(name) <= SSID_BYTES_MAX:
        raise NetworkRefused(f"ssid is not of 1 to {SSID_BYTES_MAX} bytes")
    lines = [f"ssid={name.hex()}", "scan_ssid=1"]
    if "passphrase" in said:
        passphrase = _text(said, "passphrase")
        if not _PASSPHRASE.fullmatch(passphrase):
            raise NetworkRefused("passphrase is not of 8 to 63 printable ASCII characters")
        key = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), name, 4096, 32)
        lines += [f"psk={key.hex()}", "key_mgmt=WPA-PSK WPA-PSK-SHA256"]
    else:
        lines.append("key_mgmt=NONE")
    body = "".join(f"    {line}\n" for line in lines)
    return f"country={_COUNTRY}\nupdate_config=0\nnetwork={{\n{body}}}\n"


def apn_of(said: dict[str, object]) -> str | None:
    """What mmcli is told to connect with, or None without `apn`. Raises: NetworkRefused."""
    if "apn" not in said:
        return None
    parts = {name: _text(said, name) for name in ("apn", "user", "password") if name in said}
    for name, value in parts.items():
        if not _PLAIN.fullmatch(value):
            raise NetworkRefused(f"{name} is not of 1 to 100 letters, digits and . _ @ -")
    return ",".join(f"{name}={value}" for name, value in parts.items()) + "\n"


def read(path: Path) -> dict[str, object]:
    """What the file says. Raises: NetworkRefused."""
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(FILE_BYTES_MAX).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise NetworkRefused(f"{path}: {error}") from None


def write(folder: Path, name: str, content: str | None) -> None:
    """Put a file in place as a whole, for root alone, or take it away."""
    if content is None:
        (folder / name).unlink(missing_ok=True)
        return
    draft = folder / f"{name}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    draft.rename(folder / name)


def _text(said: dict[str, object], name: str) -> str:
    value = said[name]
    if not isinstance(value, str):
        raise NetworkRefused(f"{name} is not a text")
    return value


def main(arguments: list[str]) -> int:
    """Read, and write both files or neither; the exit code."""
    source, folder = map(Path, arguments)
    try:
        said = read(source)
        made = {"wpa.conf": wifi_of(said), "apn": apn_of(said)}
    except NetworkRefused as refused:
        print(f"network: {refused}", file=sys.stderr)
        return 1
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, content in made.items():
        write(folder, name, content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
