"""Files for third parties, who hold the root's public key and nothing else: a journal, a batch, mail.

A file is a CBOR sequence (RFC 8742). Its first item is a `Header`, which says what the file is, which device it is of, and,
where the writer has them, the root-signed delegations that the reader would otherwise have to bring. Then

    a journal   [payload, lines, null, signature] for each entry from 0 on
    a batch     the request that carries it, the blinds of its private parts in their order: [16 bytes, ...], and the
                dictionary's bytes where the batch names one
    mail        [number, hash] of the item before the first, then each message

A blind opens the hash of one private part and nothing else, so that a batch is checked without the blinding key.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeVar

from sync.wire import cbor
from sync.wire.compiled import Many
from sync.wire.entry import BLIND_BYTES, HASH_BYTES, blind
from sync.wire.errors import Malformed
from sync.wire.exchange import BATCH_ENTRIES_MAX
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import list_of, octets, optional, uint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.credential import SlimCredential, TrustedKeys
    from sync.wire.entry import EntryBytes
    from sync.wire.mail import MailHead

    _T = TypeVar("_T")

JOURNAL, BATCH, MAIL = b"sofreh-journal-1", b"sofreh-batch-2", b"sofreh-mail-1"
DELEGATIONS_MAX = 64


@record
class Header(Record):
    """What a file is: one of the three words, the device's slim credential, and delegations."""

    magic: bytes = item(0, octets(most=32))
    slim: bytes = item(1, octets(most=512))
    delegations: tuple[bytes, ...] | None = item(
        2, optional(list_of(octets(most=1024), DELEGATIONS_MAX)), default=None
    )


@array_record
class MailBefore(Record):
    """The item before the first that the file holds; number 0 and the credential's hash where it is the first of all."""

    number: int = item(0, uint())
    hash: bytes = item(1, octets(HASH_BYTES))


BLINDS = Many(octets(BLIND_BYTES), BATCH_ENTRIES_MAX)


def header(magic: bytes, slim: SlimCredential, trusted: TrustedKeys) -> bytes:
    """The first bytes of a file."""
    return Header(magic=magic, slim=slim.to_cbor(), delegations=trusted.messages).to_cbor()


def journal_item(stored: EntryBytes) -> bytes:
    """An entry in a journal's file: as it is stored, without its private part."""
    return cbor.encode([stored.payload, stored.lines, None, stored.signature])


def batch_file(
    request: bytes,
    private_sequences: Iterable[int],
    slim: SlimCredential,
    trusted: TrustedKeys,
    *,
    blinding_key: bytes,
    dictionary: Dictionary | None = None,
) -> bytes:
    """A signed request with a batch. `private_sequences` are those of its entries that have a private part."""
    blinds = tuple(blind(sequence, blinding_key) for sequence in private_sequences)
    start = header(BATCH, slim, trusted) + cbor.encode(request) + BLINDS.write(blinds)
    return start if dictionary is None else start + cbor.encode(dictionary.data)


def mail_file(
    messages: Iterable[bytes], after: MailHead, slim: SlimCredential, trusted: TrustedKeys
) -> bytes:
    """Items of mail; `after` is the one before the first."""
    parts = [header(MAIL, slim, trusted), MailBefore(number=after.number, hash=after.hash).to_cbor()]
    return b"".join([*parts, *map(cbor.encode, messages)])


class Items:
    """The items of a CBOR sequence, read one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def take(self, read: Callable[[bytes, int], tuple[_T, int]], where: str) -> _T:
        """The next item. Raises: Malformed, naming the place below `where`."""
        try:
            value, at = read(self._data, self._at)
        except Malformed as error:
            raise error.within(where) from None
        except (IndexError, struct.error):
            raise Malformed(where, "the bytes end too early") from None
        if at > len(self._data):
            raise Malformed(where, "the bytes end too early")
        self._at = at
        return value
