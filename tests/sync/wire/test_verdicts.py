"""The words for the center's verdicts: whole, distinct, in two languages, and drawable on paper."""

from __future__ import annotations

import re

import pytest

from firmware.receipt.persian import isolate_codes
from sync.wire.kinds import Verdict
from sync.wire.verdicts import FINAL, VERDICT_TEXTS, VerdictText

each_text = pytest.mark.parametrize(
    "text", VERDICT_TEXTS.values(), ids=[verdict.name for verdict in VERDICT_TEXTS]
)
LATIN_OR_DIGIT = re.compile(r"[0-9A-Za-z*#]")
NOT_PERSIAN = re.compile("[يىكٔ٠-٩]")
"""Arabic letters and digits, and the hamza above, which letters that a printer holds do not have."""


def test_each_verdict_has_words_in_the_order_of_its_code() -> None:
    assert list(VERDICT_TEXTS) == list(Verdict)


def test_no_two_verdicts_say_the_same() -> None:
    for field in ("name", "persian", "english"):
        assert len({getattr(text, field) for text in VERDICT_TEXTS.values()}) == len(Verdict)


@each_text
def test_sentences_are_whole(text: VerdictText) -> None:
    for sentence in (text.persian, text.english, text.todo_persian, text.todo_english):
        assert sentence.endswith(".")
        assert sentence.strip() == sentence


@each_text
def test_persian_is_written_with_persian_letters(text: VerdictText) -> None:
    for sentence in (text.persian, text.todo_persian):
        assert not NOT_PERSIAN.search(sentence)
        assert not LATIN_OR_DIGIT.search(re.sub("\u2066[^\u2069]*\u2069", "", isolate_codes(sentence)))
    assert not LATIN_OR_DIGIT.search(text.persian)


@each_text
def test_both_languages_name_the_same_phone_number(text: VerdictText) -> None:
    assert ("021-6369" in text.todo_persian) is ("021-6369" in text.todo_english)
    assert ("*10" in text.todo_persian) is ("*10" in text.todo_english)


def test_what_is_not_final_gives_the_shop_something_to_do() -> None:
    idle = {verdict for verdict, text in VERDICT_TEXTS.items() if text.todo_english.startswith("Nothing")}
    assert idle == FINAL
