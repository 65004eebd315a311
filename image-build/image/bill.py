"""The bill of materials: everything that is on the card, by name, version and hash, as CycloneDX.

Rules: what the lock and our package say, nothing guessed; the same card has the same bill, byte for byte.

Source: CycloneDX 1.6 (ECMA-424), JSON; package URLs (purl-spec, type deb and pypi).
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image.lock import Locked

DISTRIBUTION = "debian-13"


def bill(
    packages: Iterable[Locked], packed: dict[str, str], *, version: str, root_sha256: str, epoch_s: int
) -> str:
    """The bill as JSON. `packed` are the libraries in our own package, by name."""
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, root_sha256)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "firmware", "bom-ref": "sofreh-image", "name": "sofreh-image", "version": version,
                "hashes": [{"alg": "SHA-256", "content": root_sha256}],
            },
        },
        "components": [
            {"type": "application", "bom-ref": "sofreh-till", "name": "sofreh-till", "version": version,
             "licenses": [{"license": {"id": "Apache-2.0"}}]},
            *(_packed(name, packed[name]) for name in sorted(packed)),
            *(_debian(package) for package in packages),
        ],
    }  # fmt: skip
    return json.dumps(made, indent=1) + "\n"


def _packed(name: str, version: str) -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": address, "name": name, "version": version, "purl": address}


def _debian(package: Locked) -> dict[str, Any]:
    version = quote(package.version, safe="")
    address = f"pkg:deb/debian/{quote(package.name, safe='')}@{version}?arch={package.architecture}&distro={DISTRIBUTION}"
    return {
        "type": "library", "bom-ref": address, "name": package.name, "version": package.version, "purl": address,
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
    }  # fmt: skip
