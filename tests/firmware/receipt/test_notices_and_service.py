"""What notices of the center and slips of the service must say, fact by fact."""

from __future__ import annotations

from msgspec.structs import replace

from drivers.printer.slip import Pair
from firmware.receipt import closing_slips, notice_slips, persian, prompt_slips, service_slips
from firmware.receipt.notice_slips import Deed, JudgedReceipt
from sync.wire.kinds import Verdict
from tests.firmware.receipt.samples import CLOSING, HELP, SLIPS, STATUS, VERDICTS, WHEN
from tests.firmware.receipt.test_slips import qrs, read


def test_verdicts_name_the_final_receipts_and_tell_the_quarantined_why() -> None:
    slip = read(notice_slips.verdict_notice(VERDICTS))
    assert "رسیدهای قطعی‌شده: ۳" in slip
    assert "رسید 7-1040: ۹۰٬۰۰۰ تومان\nپس از مهلت به مرکز رسیده است." in slip
    assert "چیزی پاک نشده است" in slip


def test_what_was_voided_or_refunded_is_taken_off_the_final_sum() -> None:
    back = (
        JudgedReceipt(number="7-1043", credit_rial=-3_000_000, verdict=Verdict.ACCEPTED, deed=Deed.VOID),
        JudgedReceipt(number="7-1044", credit_rial=-190_000, verdict=Verdict.ACCEPTED, deed=Deed.REFUND),
    )
    slip = read(notice_slips.verdict_notice(replace(VERDICTS, final=(*VERDICTS.final, *back))))
    assert "باطل کردن، رسید 7-1043: -۳۰۰٬۰۰۰ تومان" in slip
    assert "برگشت کالا، رسید 7-1044: -۱۹٬۰۰۰ تومان" in slip
    assert "اعتبار قطعی پس از برگشت‌ها: ۲٬۸۰۰٬۰۰۰ تومان" in slip
    assert "جمع اعتبار قطعی" not in slip


def test_unsent_credit_says_that_nothing_is_taken_off_it() -> None:
    for slip in (closing_slips.closing_slip(CLOSING), service_slips.status_slip(STATUS)):
        assert "اعتبارِ خریدهای نرسیده: ۳۹٬۴۷۱٬۸۳۰ تومان\nپیش از کم کردن باطل‌ها و برگشت‌ها." in read(slip)


def test_a_settlement_names_what_is_paid_and_until_when() -> None:
    slip = read(SLIPS["settlement"])
    assert "پرداخت به فروشگاه: ۴۱٬۰۲۴٬۵۶۰ تومان" in slip
    assert "واریز پول تا: شنبه ۲۰ دی ۱۴۰۴" in slip


def test_an_announcement_without_an_end_names_none() -> None:
    slip = notice_slips.announcement_accepted(title="اعتبار دی", cohorts=(), until_s=None)
    assert "قابل خرج تا" not in read(slip)


def test_the_date_prompt_shows_the_floor_where_there_is_one() -> None:
    assert "چهارشنبه ۱۷ دی ۱۴۰۴" in read(service_slips.date_prompt(not_before_s=WHEN.time_s, press=()))
    assert "پیش از این نیست" not in read(service_slips.date_prompt(not_before_s=None, press=()))


def test_the_inspection_slip_shows_version_head_counts_and_clock() -> None:
    slip = service_slips.status_slip(STATUS)
    for fact in (
        "نسخه برنامه: 0.1.0",
        "همه ثبت‌ها: ۱٬۰۴۲",
        "نرسیده به مرکز: ۳۳",
        "ساعت تخمینی است.",
        "آخرین پاسخ مرکز: ۱۴۰۴/۱۰/۱۶",
    ):
        assert fact in read(slip)
    assert qrs(slip) == [STATUS.head_qr]


def test_a_device_that_never_met_the_center_says_so() -> None:
    assert "آخرین پاسخ مرکز: هنوز هیچ" in read(
        service_slips.status_slip(replace(STATUS, acknowledged_s=None))
    )


def test_the_help_card_isolates_each_key() -> None:
    pairs = [element for element in service_slips.help_card(HELP) if isinstance(element, Pair)]
    assert persian.isolate("*99#") in {pair.value for pair in pairs}


def test_a_prompt_names_the_keys_that_answer_it() -> None:
    assert read(prompt_slips.prompt_slip(prompt_slips.Prompt.PRICE, prompt_slips.PRESS_ENTER)) == (
        "قیمت را به تومان بزنید.\nبرای تأیید: Enter"
    )
