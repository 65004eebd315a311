"""One round trip between device and center (envelope version 2). What a batch is, `sync.wire.batches.batch` says.

    request  "here are my entries from `base` on; I have your mail up to `mail_number`"
    answer   "I hold your journal up to `held` with head `head`; mail from there on; signed time"

Signatures that a lean batch left out may follow; a request brings them beside or without a batch. An answer may ask for a span
of entries verbatim, or for signatures that it lacks. Entries repeat byte-identically; the envelope is fresh each time.
"""

from __future__ import annotations

from sync.wire import cose
from sync.wire.batches.pressed_list import pressed_list_of
from sync.wire.errors import Malformed
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import list_of, nested, octets, optional, uint

VERSION = 2
REQUEST_CONTEXT = "sofreh/exchange-request/1"
ANSWER_CONTEXT = "sofreh/exchange-answer/1"
REQUEST_BYTES_MAX = 512 << 10
ANSWER_BYTES_MAX = 4 << 20
ANSWER_MAIL_MAX = 50
BATCH_ENTRIES_MAX = 200
LATER_SIGNATURES_MAX = 1000


@array_record
class Span(Record):
    """Entries `first` to `last`, both included."""

    first: int = item(0, uint())
    last: int = item(1, uint())


@array_record
class LaterSignatures(Record):
    """The signatures of consecutive entries from `first` on, 64 bytes each."""

    first: int = item(0, uint())
    signatures: bytes = item(1, octets(most=LATER_SIGNATURES_MAX * cose.SIGNATURE_BYTES))

    def each(self) -> list[bytes]:
        """One after the other. Raises: Malformed."""
        rest = len(self.signatures) % cose.SIGNATURE_BYTES
        if rest or not self.signatures:
            raise Malformed("request.signatures.signatures", f"not {cose.SIGNATURE_BYTES} bytes each")
        return [
            self.signatures[at : at + cose.SIGNATURE_BYTES]
            for at in range(0, len(self.signatures), cose.SIGNATURE_BYTES)
        ]


@record
class ExchangeRequest(Record):
    """Signed by the device key. `base` is the sequence of the batch's first entry, `base_prev` the hash before it.
    `statement` and `held` are what the last believed answer said, in `epoch`; `returned` is mail that a restored center
    asked for; `signatures` are those that lean batches left out; `mail_bytes` is how much mail the line takes at once, one item at least.
    """

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    nonce: bytes = item(2, octets(16))
    mail_number: int = item(3, uint())
    mail_hash: bytes = item(4, octets(32))
    epoch: int = item(5, uint())
    base: int = item(6, uint())
    base_prev: bytes = item(7, octets(32))
    batch: bytes = item(8, octets(most=REQUEST_BYTES_MAX))
    statement: int | None = item(9, optional(uint()), default=None)
    held: int | None = item(10, optional(uint()), default=None)
    returned: tuple[bytes, ...] | None = item(
        11, optional(list_of(octets(most=1 << 20), ANSWER_MAIL_MAX)), default=None
    )
    signatures: LaterSignatures | None = item(12, optional(nested(LaterSignatures)), default=None)
    mail_bytes: int | None = item(13, optional(uint()), default=None)


@record
class ExchangeAnswer(Record):
    """Signed by the mail key. `held` is the next sequence that the center expects, `head` the hash before it. A center that
    lost its own mail asks for what this device has, from number `mail_from` on. `verbatim` are entries to be sent as they
    were written, `unsigned` the first whose own signatures the center lacks.
    """

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    nonce: bytes = item(2, octets(16))
    epoch: int = item(3, uint())
    statement: int = item(4, uint())
    held: int = item(5, uint())
    head: bytes = item(6, octets(32))
    mail: tuple[bytes, ...] = item(
        7, pressed_list_of(octets(most=1 << 20), ANSWER_MAIL_MAX, bytes_max=ANSWER_BYTES_MAX)
    )
    mail_last: int = item(8, uint())
    now_s: int = item(9, uint())
    mail_from: int | None = item(10, optional(uint()), default=None)
    verbatim: Span | None = item(11, optional(nested(Span)), default=None)
    unsigned: Span | None = item(12, optional(nested(Span)), default=None)
