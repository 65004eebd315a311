"""A policy or a list comes back from what changed, whatever changed, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import cose, document
from sync.wire.document import changed_document, whole_message
from sync.wire.errors import HashDiffers, Malformed
from sync.wire.mail import MAIL_BYTES_MAX, STEPS_MAX, SignedDocument, Step
from tests.vectors.samples import SeedKey

KEY = SeedKey("policy")


def signed(payload: bytes) -> bytes:
    return cose.sign(payload, KEY, context="sofreh/catalog/1")


def product(number: int) -> bytes:
    return b"product %d of the list " % number


FIRST = signed(b"".join(map(product, range(200))))
SECOND = signed(b"2" + b"".join(product(number) for number in range(201) if number not in {7, 90}))
CHANGED = changed_document(SECOND, FIRST)


def test_a_new_version_is_what_changed() -> None:
    assert whole_message(CHANGED, FIRST) == SECOND
    assert len(CHANGED.to_cbor()) < 260 < len(SECOND) // 10
    assert CHANGED.changes is not None
    assert len(CHANGED.changes) == 4


def test_what_has_nothing_in_common_is_sent_whole() -> None:
    other = signed(bytes(range(256)))
    assert changed_document(other, FIRST) == SignedDocument(message=other)
    assert whole_message(SignedDocument(message=other), None) == other


def test_a_document_that_changed_all_over_is_sent_whole() -> None:
    spotted = signed(b"".join(b"%016d%06d" % (17, number) for number in range(STEPS_MAX + 1)))
    assert changed_document(spotted, signed(b"%016d" % 17)) == SignedDocument(message=spotted)


def test_of_a_large_list_not_every_place_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "PLACES_MAX", 100)
    again = signed(b"3" + b"".join(map(product, range(200))))
    assert whole_message(changed_document(again, FIRST), FIRST) == again


@given(st.data())
def test_any_two_documents(data: st.DataObject) -> None:
    piece = st.sampled_from([product(number) for number in range(6)] + [b"x", b""])
    first, second = (signed(b"".join(data.draw(st.lists(piece, max_size=12)))) for _ in range(2))
    assert whole_message(changed_document(second, first), first) == second


def test_changes_need_the_document_that_they_change() -> None:
    for earlier in (None, SECOND):
        with pytest.raises(HashDiffers, match=r"^policy: changes another document"):
            whole_message(CHANGED, earlier, where="policy")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (replace(CHANGED, base=None), "without what they change"),
        (replace(CHANGED, changes=None), "without what they change"),
        (replace(CHANGED, message=SECOND), "beside a payload"),
        (replace(CHANGED, message=b"\x80"), "not a COSE_Sign1 message"),
        (replace(CHANGED, changes=(Step(start=0, size=len(FIRST), more=b""),)), "takes more than there is"),
        (
            replace(CHANGED, changes=(Step(start=0, size=600, more=b""),) * 2000),
            "more than the 1048576 bytes",
        ),
    ],
)
def test_changes_that_cannot_be_are_refused(body: SignedDocument, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        whole_message(body, FIRST)


def test_the_largest_payload_is_one_mebibyte() -> None:
    for size, fits in ((MAIL_BYTES_MAX, True), (MAIL_BYTES_MAX + 1, False)):
        steps = (
            Step(start=0, size=1, more=bytes(size // 2)),
            Step(start=0, size=0, more=bytes(size - size // 2 - 1)),
        )
        body = replace(CHANGED, changes=steps)
        if fits:
            assert len(cose.parse(whole_message(body, FIRST), what="").payload) == size
        else:
            with pytest.raises(Malformed):
                whole_message(body, FIRST)
