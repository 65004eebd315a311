"""Where a center keeps its things, and what it assumes where nobody said otherwise. One folder a center.

DIR/center.db       everything that changes (SQLite)
DIR/keys/           delegated keys, the exchange key, the root-signed delegations
DIR/root/root.key   the root's private key: carried away and locked up after `init`
DIR/lock            held by the one process that has the database open
DIR/control.sock    where a running `serve` takes orders
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

DELEGATION_FOR_S = 10 * 366 * 86_400
CREDENTIAL_FOR_S = 3 * 366 * 86_400
CARD_FOR_S = 5 * 366 * 86_400
TICKET_FOR_S = 30 * 60
PAY_WITHIN_S = 72 * 3_600
CLOCK_SKEW_S = 600
"""How far a device's lower time bound may lie after the entry's arrival."""
CODES_PER_HOUSEHOLD = 2
CATALOG_SHRINK_PERCENT_MAX = 20
FIRST_DEVICE = 1001
FIRST_CARD = 10_000_001


class Folder(Struct, frozen=True):
    """The paths of one center."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "center.db"

    @property
    def keys(self) -> Path:
        """The folder of the keys that work every day."""
        return self.path / "keys"

    @property
    def root_key(self) -> Path:
        """The root's private key, there only until it is carried away."""
        return self.path / "root" / "root.key"

    @property
    def lock(self) -> Path:
        """Locked by whoever has the database open."""
        return self.path / "lock"

    @property
    def control(self) -> Path:
        """The socket of a running server."""
        return self.path / "control.sock"
