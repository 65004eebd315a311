"""Why the technician's page refuses, in Persian. The English sentence stands below it, for who asks the center."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.errors import TooLarge, WrongInput

if TYPE_CHECKING:
    from sync.central.errors import CentralError

REASONS = {
    "token is unknown": "این توکن را مرکز نمی‌شناسد؛ آن را دوباره و درست وارد کنید.",
    "token has expired": "مهلت این توکن گذشته است؛ از مرکز توکن تازه بخواهید.",
    "used by another device": "این توکن برای صندوق دیگری به کار رفته است؛ از مرکز توکن تازه بخواهید.",
    "key is enrolled already": "این صندوق پیش‌تر ثبت شده است.",
    "asks over the network": "این درخواست برای ثبت از راه شبکه است، نه از روی کاغذ.",
    "is empty": "درخواست خالی است؛ متن رمزینه را وارد کنید یا عکس آن را بفرستید.",
    "no request's QR": "در این عکس رمزینهٔ درخواست خوانده نمی‌شود؛ از نزدیک، صاف و در نور خوب دوباره عکس بگیرید.",
    "cut off or damaged": "عکس ناقص رسیده است؛ آن را دوباره بفرستید.",
    "neither Q1: text": "این نه متن Q1: است و نه عکس JPEG، PNG یا WEBP (HEIC خوانده نمی‌شود).",
}
FIELDS = {
    "request": "متن درخواست درست نیست؛ آن را کامل، از Q1: تا پایان، وارد کنید یا عکس بگیرید.",
    "token": "توکن درست نیست؛ آن را دوباره وارد کنید.",
    "ssid": "نام Wi-Fi بیش از ۳۲ بایت است.",
    "passphrase": "رمز Wi-Fi باید ۸ تا ۶۳ حرف و رقم لاتین باشد (رقم فارسی نه) و با نام Wi-Fi بیاید.",
    "apn": "APN فقط حرف و رقم لاتین و . _ @ - دارد.",
    "user": "کاربر APN فقط حرف و رقم لاتین و . _ @ - دارد و با APN می‌آید.",
    "password": "رمز APN فقط حرف و رقم لاتین و . _ @ - دارد و با APN می‌آید؛ رمز Wi-Fi جای دیگری است.",
    "address": "این صفحه با نشانی‌ای باز شده است که صندوق نمی‌پذیرد؛ آن را با https:// و نام مرکز باز کنید.",
}
TOO_LARGE = "این عکس بزرگ‌تر از اندازه است؛ عکسی کوچک‌تر بفرستید."
OTHER = "نشد؛ جملهٔ زیر را به مرکز بگویید."


def in_persian(error: CentralError) -> str:
    """One sentence that says what helps."""
    if isinstance(error, TooLarge):
        return TOO_LARGE
    for words, reason in REASONS.items():
        if words in str(error):
            return reason
    where = error.where.partition(".")[0] if isinstance(error, WrongInput) else ""
    return FIELDS.get(where, OTHER)
