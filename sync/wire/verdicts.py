"""The center's verdicts in words: what each means and what the shop should do, in Persian and in English.

One table for all who show a verdict: the shop's slips, the center's report and page, the README. The stable code of a
verdict is its number in `sync.wire.kinds.Verdict`, which paper shows for whoever calls. Sentences are whole, name nobody
and say nothing that one verdict alone cannot know; a phone number stands plain, whoever prints it isolates it.

Must not know: how verdicts are reached, how they are drawn. The appliance loads it when it first prints one.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from sync.wire.kinds import Verdict

FINAL: Final = frozenset({Verdict.ACCEPTED, Verdict.DUPLICATE})
"""What counts. All else is kept and set aside: quarantined."""
_CALL = "با 021-6369 تماس بگیرید"


class VerdictText(Struct, frozen=True, kw_only=True):
    """What happened, and what the shop should do about it."""

    name: str
    persian: str
    english: str
    todo_persian: str
    todo_english: str


VERDICT_TEXTS: Final = {
    Verdict.ACCEPTED: VerdictText(
        name="پذیرفته",
        persian="پذیرفته شد.",
        english="Accepted: final.",
        todo_persian="کاری لازم نیست؛ پول آن با تسویه می‌آید.",
        todo_english="Nothing; its money comes with the settlement.",
    ),
    Verdict.DUPLICATE: VerdictText(
        name="تکراری",
        persian="پیش‌تر هم رسیده بود و یک بار حساب شده است.",
        english="Had arrived before; it counts once.",
        todo_persian="کاری لازم نیست.",
        todo_english="Nothing.",
    ),
    Verdict.FORK: VerdictText(
        name="شاخهٔ دوم",
        persian="ثبت دیگری با همین شماره به مرکز رسیده است.",
        english="Another entry stands at this number of the device's journal.",
        todo_persian=f"با این صندوق فعلاً با اعتبار نفروشید و {_CALL}.",
        todo_english="Sell nothing on credit with this till for now, and call 021-6369.",
    ),
    Verdict.GAP: VerdictText(
        name="جاافتاده",
        persian="ثبت‌های پیش از آن هنوز نرسیده است.",
        english="Entries before it have not arrived yet.",
        todo_persian="صندوق را به شبکه وصل کنید؛ خودش آنها را می‌فرستد.",
        todo_english="Connect the till; it sends them by itself.",
    ),
    Verdict.HOLE: VerdictText(
        name="گم‌شده",
        persian="متن این ثبت گم شده و فقط جای آن پیداست.",
        english="Its bytes are lost; only its place is known.",
        todo_persian=f"کاغذ این رسید را نگه دارید و {_CALL}؛ کد روی آن همه چیز را دارد.",
        todo_english="Keep its paper and call 021-6369; the code on it holds everything.",
    ),
    Verdict.BAD_SIGNATURE: VerdictText(
        name="امضای نادرست",
        persian="امضای این ثبت درست نیست.",
        english="Its signature does not hold.",
        todo_persian=f"کاغذ این رسید را نگه دارید و {_CALL}؛ شاید حافظه صندوق خراب شده باشد.",
        todo_english="Keep its paper and call 021-6369; the till's storage may be failing.",
    ),
    Verdict.BAD_HOUSEHOLD_PROOF: VerdictText(
        name="گواهی خانوار نادرست",
        persian="کارت، رمز یا رمز یک‌بارمصرفِ این خرید درست نیست.",
        english="The card, PIN or one-time code of this purchase does not hold.",
        todo_persian=f"{_CALL} و از خانوار بخواهید با کارت خود بیاید.",
        todo_english="Call 021-6369, and ask the household to come with its card.",
    ),
    Verdict.NOT_YET_OPEN: VerdictText(
        name="پیش از بازشدن",
        persian="پیش از نوبت یا پیش از اعلام رسمی بوده است.",
        english="Made before the household's day or the official announcement.",
        todo_persian=f"تاریخ و ساعت صندوق را روی برگه *10 نگاه کنید و {_CALL}.",
        todo_english="Look at date and time on the slip of *10, and call 021-6369.",
    ),
    Verdict.UNKNOWN_POLICY: VerdictText(
        name="قواعد ناشناخته",
        persian="با دستورالعملی ثبت شده که کهنه است یا مرکز آن را نمی‌شناسد.",
        english="Made by rules that are too old, or that the center does not know.",
        todo_persian=f"صندوق را زودتر به شبکه وصل کنید و برای این رسید {_CALL}.",
        todo_english="Connect the till sooner, and call 021-6369 about this receipt.",
    ),
    Verdict.OVER_ALLOWANCE: VerdictText(
        name="بیش از سهم",
        persian="از اعتباری که برای این خانوار در این صندوق بود بیشتر است.",
        english="More than what the household had at this till.",
        todo_persian=f"کاغذ این رسید را نگه دارید و {_CALL}.",
        todo_english="Keep its paper and call 021-6369.",
    ),
    Verdict.LIMIT: VerdictText(
        name="بیش از سقف",
        persian="از سقف مجاز بیشتر است.",
        english="Over a limit of the rules.",
        todo_persian=f"صندوق را زودتر به شبکه وصل کنید و برای این رسید {_CALL}.",
        todo_english="Connect the till sooner, and call 021-6369 about this receipt.",
    ),
    Verdict.LATE: VerdictText(
        name="دیررسیده",
        persian="پس از مهلت ثبت شده یا پس از مهلت به مرکز رسیده است.",
        english="Made or presented after its deadline.",
        todo_persian=f"تا روزی که گزارش پایان روز می‌گوید صندوق را وصل کنید؛ برای این رسید {_CALL}.",
        todo_english="Connect the till by the day on the Z slip; call 021-6369 about this receipt.",
    ),
    Verdict.REFUND_WITHOUT_ORIGINAL: VerdictText(
        name="برگشت بی‌خرید",
        persian="خریدی که باطل شده یا از آن برگشت خورده پیدا نشد یا با آن جور نیست.",
        english="What it voids or refunds was not found, or does not fit.",
        todo_persian=f"کاغذ خرید و برگشت را کنار هم نگه دارید و {_CALL}.",
        todo_english="Keep the paper of purchase and refund together, and call 021-6369.",
    ),
    Verdict.INELIGIBLE_GOODS: VerdictText(
        name="کالای نامشمول",
        persian="کالایی بیرون از فهرست دارد یا سهم خریدار در آن کم است.",
        english="Has goods outside the list, or too small a part paid by the buyer.",
        todo_persian=f"کاغذ این رسید را نگه دارید و {_CALL}.",
        todo_english="Keep its paper and call 021-6369.",
    ),
    Verdict.HELD: VerdictText(
        name="نگه‌داشته",
        persian="تا بررسیِ صندوق، ساعت آن یا خریدش نگه داشته شده است.",
        english="Held until the till, its clock or its purchase has been looked into.",
        todo_persian=f"{_CALL} و شماره دستگاه را بگویید.",
        todo_english="Call 021-6369 and tell the device's number.",
    ),
    Verdict.MALFORMED: VerdictText(
        name="بدساخت",
        persian="درست ساخته نشده است.",
        english="Is not made as it must be.",
        todo_persian=f"شاید برنامه صندوق کهنه یا خراب باشد: {_CALL}.",
        todo_english="The till's program may be old or broken: call 021-6369.",
    ),
}
