"""What the guides say beside the till's own words: English for who reads no Persian, and what to do about each.

By the names and codes that the program itself uses, so that a test can tell when one is missing here.
"""

from __future__ import annotations

from typing import Final

WRONG: Final = {
    "UNREADABLE": (
        "The QR was not read whole.",
        "Hold it closer and flat, screen bright, and read it again.",
        "صفحه را روشن‌تر کنید، بارکدخوان را صاف و نزدیک بگیرید و دوباره بخوانید.",
    ),
    "NO_ANSWER": (
        "That was no answer to an enrollment; this till sells nothing yet.",
        "Scan the QRs of the answer's page, not the request, no goods.",
        "رمزینه‌های صفحه پاسخ را بخوانید، نه درخواست یا کالا را.",
    ),
    "NOT_AUTHENTIC": (
        "The signatures do not fit the center and the mandate.",
        "Make a new answer. Again the same: call the center, enroll nothing.",
        "پاسخ تازه بسازید. اگر باز همین شد، ثبت نکنید و با مرکز تماس بگیرید.",
    ),
    "ADDRESS": (
        "The answer names a center by an address that cannot be.",
        "Ask the center for its address, `https://` and a name; make a new answer.",
        'نشانی را از مرکز بپرسید، <bdi dir="ltr">https://</bdi> و یک نام؛ پاسخ تازه بسازید.',
    ),
    "OTHER_DEVICE": (
        "The answer is for another till.",
        "Answer the request that this till has printed.",
        "درخواستی را پاسخ دهید که همین صندوق چاپ کرده است.",
    ),
    "OLD": (
        "The answer is to an earlier request of this till.",
        "Answer the request that is printed now.",
        "درخواستی را پاسخ دهید که همین حالا چاپ شد.",
    ),
    "EXPIRED": (
        "The answer is older than a week, or its credential has ended.",
        "Make a new answer; look at the laptop's date.",
        "پاسخ تازه بسازید؛ تاریخ رایانه را هم نگاه کنید.",
    ),
    "NOT_ON_STICK": (
        "No file on this stick is for this till.",
        "`answer` with `--stick` again; the file lies in the stick's top folder.",
        'دوباره <bdi dir="ltr">answer</bdi> با <bdi dir="ltr">--stick</bdi>؛ پرونده باید در پوشه نخست حافظه باشد.',
    ),
    "NOT_STORED": (
        "The till could not write the enrollment to its card.",
        "Press `Enter` again. Again the same: another card.",
        'دوباره <bdi dir="ltr">Enter</bdi> بزنید. اگر باز نشد، کارت دیگری بیاورید.',
    ),
}  # fmt: skip
"""By the name of `firmware.receipt.enrollment_slips.Wrong`: what it means and what to do in English, what to do in Persian."""

BEFORE: Final = {
    "9": "print this list",
    "10": "print the request again",
    "18": "list the devices; on a keypad without a role: be this till's keypad",
    "19": "self-test, without echoes",
    "20": "search for the printer: press the number that can be read",
}
"""The codes of a till that belongs to nobody yet."""

FAILURES: Final = {
    "no_key": (
        "This card was made without a release key.",
        "It takes no updates: bring a new card.",
    ),
    "bad_signature": (
        "The file's signature does not fit this card's key.",
        "Do not use this file; tell the center.",
    ),
    "damaged": (
        "The file on the stick is cut short or damaged.",
        "Copy it anew, or to another stick.",
    ),
    "not_newer": (
        "The till has this version or a later one.",
        "Nothing; bring a newer file, if there is one.",
    ),
    "wrong_file": (
        "The file is no version of the till, or does not fit on this card.",
        "Get the right file from the center.",
    ),
    "stick_gone": (
        "The stick was pulled before the end, or could not be read.",
        "Put it in again, `*25 Enter`.",
    ),
    "card_failed": (
        "The card could not be written, or does not read back.",
        "`*25 Enter` once more; then another card.",
    ),
    "no_answer": (
        "The till's installer does not answer.",
        "Pull the plug, put it back, `*25 Enter`.",
    ),
}
"""By the code of an update that was not installed: what happened, what to do."""
