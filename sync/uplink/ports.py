"""What the device's half of the exchange needs to know of the rest of the appliance. Who implements it is not known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.wire.cose import SigningKey
    from sync.wire.credential import TrustedKeys
    from sync.wire.entry import EntryBytes, Head
    from sync.wire.mail import MailHead


class Parties(Struct, frozen=True):
    """Who talks: this device with its key, and whom it believes."""

    device: int
    key: SigningKey
    trusted: TrustedKeys


class Chain(Protocol):
    """The journal, as far as it goes to the center."""

    @property
    def head(self) -> Head:
        """Where the next entry goes."""

    @property
    def mail_head(self) -> MailHead:
        """The last mail that was applied."""

    async def hash_before(self, sequence: int) -> bytes:
        """The hash that entry `sequence`, made or still to be made, names as its `prev`."""

    async def unsent_entries(self, from_sequence: int, most: int) -> Sequence[EntryBytes]:
        """Up to `most` stored entries from `from_sequence` on, in their order."""

    async def mail_messages(self, from_number: int, most: int) -> Sequence[bytes]:
        """Up to `most` items of mail as they came, from `from_number` on, in their order."""


class Post(Protocol):
    """A carrier of one question and its answer, such as `sync.uplink.client.CenterClient`."""

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        """The answer to `body`. Raises: UplinkError."""

    def drop(self) -> None:
        """Let nothing that was said before reach the next question."""
