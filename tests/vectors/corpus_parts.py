"""What the corpus is built of: files that hold, and the tools to break one thing in them and sign the rest as it should be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync.wire import cbor, cose, credential, entry, exported, facts, mail
from sync.wire.kinds import EntryKind, Role
from tests.vectors import samples

if TYPE_CHECKING:
    from sync.wire.entry import Draft, Entry, Head


@dataclass(frozen=True)
class Case:
    """A file of the corpus. `where` is what a verifier must name; `verdict` is the center's, for entry `entry`."""

    name: str
    data: bytes
    expected: str
    where: str
    means: str
    verdict: str = ""
    entry: int = -1

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    @property
    def file(self) -> str:
        return f"{self.name}.{'txt' if self.kind in {'receipt', 'card'} else 'bin'}"


DEVICE_KEY, SLIM, TRUSTED = samples.DEVICE_KEY, samples.SLIM, samples.TRUSTED
OTHER = samples.SeedKey("other device")
STRANGER = samples.SeedKey("stranger's root")
HEADER = exported.header(exported.JOURNAL, SLIM, TRUSTED)


def chain(*drafts: Draft, head: Head = samples.FIRST_HEAD) -> tuple[Entry, ...]:
    """Entries in a row."""
    made = []
    for draft in drafts:
        sealed = entry.seal(
            draft, head, device=samples.DEVICE, key=DEVICE_KEY, blinding_key=samples.BLINDING_KEY
        )
        head = sealed.next_head
        made.append(sealed)
    return tuple(made)


SHORT = chain(
    *(
        samples.draft(kind)
        for kind in (
            EntryKind.ENROLLED,
            EntryKind.BOOTED,
            EntryKind.MAIL_APPLIED,
            EntryKind.PURCHASE,
            EntryKind.CLOSING,
        )
    )
)
"""A journal of five entries; the purchase is entry 3."""
PURCHASE = SHORT[3]
ITEMS = tuple(exported.journal_item(each.stored) for each in SHORT)


def journal(*items: bytes, header: bytes = HEADER) -> bytes:
    return header + b"".join(items)


def signed(
    payload: bytes, lines: bytes | None = None, *, key: samples.SeedKey = DEVICE_KEY, named: samples.SeedKey | None = None,
    context: str = entry.CONTEXT,
) -> bytes:  # fmt: skip
    """An item of a journal with these bytes as its payload, signed by `key` under the key id of `named`."""
    signature = key.sign(cose.to_be_signed(payload, public=(named or key).public, context=context))
    return cbor.encode([payload, lines, None, signature])


def payload(of: Entry = PURCHASE, **changed: Any) -> dict[int, Any]:
    """The payload of an entry as a value, with fields changed by name; a field changed to `...` is left out."""
    value = entry.Payload.from_cbor(of.stored.payload).to_value()
    keys = {field.name: field.key for field in entry.Payload.fields}
    for name, what in changed.items():
        value[keys[name]] = what
    return {key: what for key, what in sorted(value.items()) if what is not ...}


def public(**changed: Any) -> dict[int, Any]:
    """The public part of the purchase as a value, changed as `payload` changes."""
    value = PURCHASE.fact.to_value()
    keys = {field.name: field.key for field in facts.Purchase.fields}
    value |= {keys[name]: what for name, what in changed.items()}
    return {key: what for key, what in value.items() if what is not ...}


def broken(item: bytes, index: int = 3) -> bytes:
    """The short journal with another item in one place."""
    return journal(*ITEMS[:index], item, *ITEMS[index + 1 :])


def resigned(index: int = 3, **changed: Any) -> bytes:
    """The short journal up to an entry whose payload says something else, rightly signed."""
    of = SHORT[index]
    return journal(*ITEMS[:index], signed(cbor.encode(payload(of, **changed)), of.stored.lines))


def spelled(old: bytes, new: bytes) -> bytes:
    """The short journal up to a purchase whose payload is spelled otherwise, rightly signed."""
    assert PURCHASE.stored.payload.count(old) == 1, old.hex()
    return journal(*ITEMS[:3], signed(PURCHASE.stored.payload.replace(old, new), PURCHASE.stored.lines))


def flipped(data: bytes, at: int) -> bytes:
    """One bit of one byte turned."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flipped_in(data: bytes, part: bytes, at: int = 0) -> bytes:
    """One bit of one byte of a part turned."""
    assert data.count(part) == 1
    return flipped(data, data.index(part) + at % len(part))


def slim_of(
    *, device: int = samples.DEVICE, until_s: int = samples.UNTIL_S, issuer: int = 2,
    key: samples.SeedKey = samples.CREDENTIAL_KEY, public: bytes = DEVICE_KEY.public,
) -> credential.SlimCredential:  # fmt: skip
    """Another slim credential."""
    whole = credential.Credential(
        version=1, device=device, shop=samples.SHOP, public=public, exchange_public=bytes(32), not_before_s=0, until_s=until_s
    )  # fmt: skip
    return credential.slim(whole, issuer=issuer, key=key)


def header_of(slim: bytes | None = None, **changed: Any) -> bytes:
    """The header of a journal with a field changed."""
    value = exported.Header.from_cbor(HEADER).to_value()
    if slim is not None:
        value[1] = slim
    keys = {field.name: field.key for field in exported.Header.fields}
    return cbor.encode(value | {keys[name]: what for name, what in changed.items()})


def letter(
    number: int, prev: bytes, kind: int, body: Any, *, key: samples.SeedKey = samples.MAIL_KEY, context: str = mail.CONTEXT,
    device: int = samples.DEVICE, version: int = 1,
) -> bytes:  # fmt: skip
    """An item of mail with this body, signed."""
    value = {0: version, 1: device, 2: number, 3: prev, 4: int(kind), 5: samples.MORNING_S, 6: body}
    return cose.sign(cbor.encode(value), key, context=context)


def mailbag(*messages: bytes, after: mail.MailHead = samples.FIRST_MAIL_HEAD) -> bytes:
    """The file of some mail."""
    return exported.mail_file(messages, after, SLIM, TRUSTED)


def delegated(key: samples.SeedKey, role: Role, number: int, *, by: samples.SeedKey) -> bytes:
    """A delegation, signed by whom it may be."""
    made = credential.Delegation(
        version=1, number=number, role=role, public=key.public, not_before_s=0, until_s=samples.UNTIL_S
    )
    return cose.sign(made.to_cbor(), by, context=credential.DELEGATION_CONTEXT)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
