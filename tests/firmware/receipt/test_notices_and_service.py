"""What notices of the center and slips of the service must say, fact by fact."""

from __future__ import annotations

from msgspec.structs import replace

from drivers.printer.slip import Pair
from firmware.receipt import closing_slips, notice_slips, persian, prompt_slips, service_slips
from firmware.receipt.notice_slips import Answers, Deed, JudgedReceipt
from sync.wire.kinds import Verdict
from sync.wire.verdicts import VERDICT_TEXTS
from tests.firmware.receipt.samples import (
    ANSWERS,
    CLOSING,
    EVERY_VERDICT,
    FINAL,
    HELP,
    PLACE,
    SLIPS,
    STATUS,
    WHEN,
)
from tests.firmware.receipt.test_slips import qrs, read


def test_final_receipts_are_one_span_less_what_is_named_below_it() -> None:
    slip = read(notice_slips.answers_slip(PLACE, WHEN, ANSWERS))
    assert "رسیدهای قطعی‌شده: ۲۳\nهمه رسیدهای 7-1038-2 تا 7-1062-5، جز آنچه در زیر آمده است.\n" in slip
    assert "جمع اعتبار قطعی: ۳۱٬۲۹۰٬۰۰۰ تومان" in slip
    alone = read(notice_slips.answers_slip(PLACE, WHEN, Answers(final=FINAL)))
    assert "همه رسیدهای 7-1038-2 تا 7-1062-5.\n" in alone
    one = replace(FINAL, first="7-1062-5", receipts=1)
    assert "\nرسید 7-1062-5.\n" in read(notice_slips.answers_slip(PLACE, WHEN, Answers(final=one)))


def test_what_went_back_is_taken_off_the_final_sum_and_the_row_says_so() -> None:
    slip = read(notice_slips.answers_slip(PLACE, WHEN, Answers(final=replace(FINAL, backs=2))))
    assert "اعتبار قطعی پس از برگشت‌ها: ۳۱٬۲۹۰٬۰۰۰ تومان" in slip
    assert "جمع اعتبار قطعی" not in slip


def test_the_money_of_final_receipts_comes_now_or_with_the_next_settlement() -> None:
    assert "تسویه بعدی" in read(notice_slips.answers_slip(PLACE, WHEN, Answers(final=FINAL)))
    assert "تسویه بعدی" not in read(notice_slips.answers_slip(PLACE, WHEN, ANSWERS))


def test_quarantined_receipts_of_one_verdict_stand_together_over_its_words_and_what_to_do() -> None:
    slip = read(notice_slips.answers_slip(PLACE, WHEN, ANSWERS))
    text = VERDICT_TEXTS[Verdict.LATE]
    assert (
        "رسید 7-1040-1: ۹۰٬۰۰۰ تومان\nرسید 7-1051-0: ۷۰٬۰۰۰ تومان\n"
        f"کد ۱۱: {text.persian}\nچه کنید: {text.todo_persian}\n"
    ) in slip
    assert "برگشت کالا، رسید 7-1047-3: -۹۰٬۰۰۰ تومان\nکد ۱۲:" in slip
    assert "چیزی پاک نشده است." in slip


def test_what_is_not_named_is_counted() -> None:
    slip = read(notice_slips.answers_slip(PLACE, WHEN, EVERY_VERDICT))
    assert "برای بررسی کنار گذاشته شد: ۹۹" in slip
    assert "و ۸۳ ثبت دیگر." in slip
    assert "۳ تسویه دیگر پیش از اینها." in slip
    whole = read(notice_slips.answers_slip(PLACE, WHEN, ANSWERS))
    assert "دیگر" not in whole


def test_a_quarantined_entry_that_moves_no_money_has_no_amount() -> None:
    other = JudgedReceipt(number="7-9-1", credit_rial=None, verdict=Verdict.HELD, deed=Deed.OTHER)
    slip = read(notice_slips.answers_slip(PLACE, WHEN, Answers(quarantined=(other,), quarantined_count=1)))
    assert "\nثبت 7-9-1\nکد ۱۴:" in slip


def test_a_closing_tells_the_answers_under_a_head_of_their_own_or_not_at_all() -> None:
    told = read(closing_slips.closing_slip(replace(CLOSING, answers=ANSWERS)))
    assert "\nپاسخ مرکز\n" in told
    assert told.index("پاسخ مرکز") < told.index("کد دفتر این صندوق")
    assert "پاسخ مرکز" not in read(closing_slips.closing_slip(CLOSING))


def test_the_standing_names_nothing_twice() -> None:
    standing = replace(ANSWERS, final=None)
    slip = read(notice_slips.standing_slip(PLACE, WHEN, ANSWERS, standing, unsent=3))
    for number in ("7-1040-1", "7-1044-9", "7-1047-3", "7-1051-0"):
        assert slip.count(number) == 1
    assert slip.count("پرداخت به فروشگاه") == 1
    assert "ثبت‌های نرسیده به مرکز: ۳" in slip
    older = read(notice_slips.standing_slip(PLACE, WHEN, Answers(final=FINAL), standing, unsent=0))
    assert "برای بررسی کنار گذاشته شد: ۴" in older
    nothing = read(notice_slips.standing_slip(PLACE, WHEN, Answers(), Answers(), unsent=0))
    assert "خبر تازه‌ای نیست" in nothing


def test_unsent_credit_says_that_nothing_is_taken_off_it() -> None:
    for slip in (closing_slips.closing_slip(CLOSING), service_slips.status_slip(STATUS)):
        assert "اعتبارِ خریدهای نرسیده: ۳۹٬۴۷۱٬۸۳۰ تومان\nپیش از کم کردن باطل‌ها و برگشت‌ها." in read(slip)


def test_a_settlement_names_what_is_paid_and_until_when() -> None:
    slip = read(SLIPS["answers"])
    assert "تسویه شماره: 3" in slip
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
