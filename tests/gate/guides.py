"""The guides for technicians and shopkeepers: pictures of real slips and tables that the program knows better, kept true by a test.

`python -m tests.gate.guides` draws every picture anew and renews the blocks ``<!-- name:begin -->`` ... ``<!-- name:end -->``. The slips come
from the program's own functions and, where people talk with the till, from a real conversation at the tests' counter.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drivers.printer import printout
from drivers.printer.escpos import Encoder
from drivers.simulated.paper import Paper
from firmware.enrolling import desk
from firmware.receipt import enrollment_slips as slips
from firmware.receipt.persian import isolate_codes
from firmware.receipt.selftest_slips import Finding, Part, Verdict, finding_rows
from firmware.receipt.stick_slips import StickVisited, stick_slip
from firmware.receipt.update_slips import FAILURES, UpdateNews, UpdateStep, update_slip
from firmware.till.codes import FUNCTION_CODES
from sync.wire import cose
from sync.wire.credential import REQUEST_CONTEXT, EnrollmentRequest, root_fingerprint
from sync.wire.enrolling import request_qr
from sync.wire.verdicts import VERDICT_TEXTS
from tests.fakes.printers import PAPER_58_MM
from tests.firmware.till.counter import JAM, MILK, Counter
from tests.gate import guides_words
from tests.gate.tree import ROOT
from tests.vectors import samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from drivers.printer.slip import Slip

FOLDER = ROOT / "image-build" / "guides"
GUIDES = ("technician.en", "technician.fa", "shopkeeper.en", "shopkeeper.fa")
PICTURES = FOLDER / "slips"
OPERATOR = "7391"
OFFER = slips.Offer(
    shop_name="فروشگاه روستا", shop_place="روستای نمونه", shop=samples.SHOP, device=samples.DEVICE,
    root_fingerprint=root_fingerprint(samples.ROOT.public), under_mandate=True,
)  # fmt: skip


def drawn() -> dict[str, Slip]:
    """Every picture's slip, by its file's name."""
    return {**_enrollment(), **_updates(), **_shop()}


def _enrollment() -> dict[str, Slip]:
    request = EnrollmentRequest(
        version=1, public=samples.DEVICE_KEY.public, exchange_public=samples.CREDENTIAL.exchange_public, token="",
        nonce=samples.octets("nonce", 16), software="0.1.0",
    )  # fmt: skip
    qr = request_qr.to_qr(cose.sign(request.to_cbor(), samples.DEVICE_KEY, context=REQUEST_CONTEXT))
    fingerprint = root_fingerprint(samples.DEVICE_KEY.public)
    found = (
        Finding(Part.SCANNER, Verdict.GOOD, "usb-1.2"),
        Finding(Part.KEYPAD, Verdict.GOOD, "usb-1.3"),
        Finding(Part.PRINTER, Verdict.GOOD, "usb-1.4"),
        Finding(Part.KEY, Verdict.NOTICE, "", "هنوز به فروشگاهی وصل نشده است"),
    )
    rows = tuple(row for finding in found for row in finding_rows(finding))
    signed = slips.Enrolled(
        offer=OFFER, key_fingerprint=fingerprint, made_s=samples.MORNING_S, technician="فن‌ورز نمونه", is_active=False,
        center_url="https://center.example", credential_until_s=samples.MANDATED_UNTIL_S,
    )  # fmt: skip
    return {
        "welcome": (
            *slips.welcome_slip(version="0.1.0", key_fingerprint=fingerprint),
            *slips.examined_slip(found, rows),
            *slips.request_slip(qr, press=desk.PRESS),
        ),
        "answer": (
            *slips.parts_slip(read=1, parts=4, missing=(2, 3, 4)),
            *slips.offer_slip(replace(OFFER, wifi="shop"), press=desk.PRESS_OFFER),
        ),
        "handover": slips.enrolled_slip(signed),
        "active": slips.activated_slip(policy_title=samples.POLICY.title, households=42),
        "undo": (*slips.undo_slip(device=samples.DEVICE), *slips.undone_slip(device=samples.DEVICE)),
        "stick": stick_slip(StickVisited(taken=1, written=1)),
    }


def _updates() -> dict[str, Slip]:
    """What a card's way to another version prints."""
    told = UpdateNews(
        step=UpdateStep.OFFERED, version="0.2.0+1795990000", running="0.1.0+1795370000", code="stick_gone"
    )

    def printed(*steps: UpdateStep) -> Slip:
        return tuple(element for step in steps for element in update_slip(replace(told, step=step)))

    return {
        "update": printed(UpdateStep.OFFERED, UpdateStep.ORDERED, UpdateStep.RESTARTS),
        "updated": update_slip(replace(told, step=UpdateStep.UPDATED, running=told.version)),
        "update-not-started": printed(UpdateStep.NOT_STARTED),
        "update-came-back": printed(UpdateStep.CAME_BACK),
        "update-cut-off": printed(UpdateStep.CUT_OFF),
        "update-nothing-there": printed(UpdateStep.NOTHING_THERE),
        "update-failed": printed(UpdateStep.FAILED),
    }


def _shop() -> dict[str, Slip]:
    """A day at the counter, in the words of the till itself."""
    with tempfile.TemporaryDirectory() as folder, Counter(Path(folder)) as till:

        def printed() -> Slip:
            made = tuple(element for slip in till.paper.slips for element in slip)
            till.paper.tear_off()
            return made

        till.sell_milk(till.members[0], packs=2)
        purchase = printed()
        till.press("1 *")
        till.scan(JAM)
        till.press("80000 Enter + Enter")
        cash = printed()
        till.scan(MILK)
        till.scan_card(till.members[1])
        till.press("+ 9999 Enter")
        wrong_pin = printed()
        till.press("- *0 Enter")
        printed()
        till.press("*9 Enter")
        help_card = printed()
        till.press(f"*12 Enter {OPERATOR} Enter 84000 Enter")
        return {
            "purchase": purchase,
            "cash": cash,
            "wrong-pin": wrong_pin,
            "help-card": help_card,
            "closing": printed(),
        }


def picture(slip: Slip) -> Image:
    """What the paper shows, read back from the printer's bytes."""
    paper, encoder = Paper(PAPER_58_MM), Encoder(PAPER_58_MM)
    paper.feed(encoder.wake())
    for part in printout.render(slip, PAPER_58_MM):
        paper.feed(b"".join(encoder.commands(part)))
    return paper.tear_off()


def blocks(guide: str) -> dict[str, str]:
    """The tables of a guide, by name, in its language."""
    persian = guide.endswith(".fa")
    codes = [
        (_ltr(code.keys), code.meaning) if persian else (f"`{code.keys}`", code.english)
        for code in FUNCTION_CODES
    ]
    verdicts = [
        (text.name, _marked(isolate_codes(text.persian)), _marked(isolate_codes(text.todo_persian)))
        if persian
        else (text.name, text.english, text.todo_english)
        for text in VERDICT_TEXTS.values()
    ]
    return {
        "codes": _table(("کلید", "کار") if persian else ("keys", "meaning"), codes),
        "codes-before": _codes_before(persian=persian),
        "verdicts": _table(
            ("رأی", "یعنی", "چه کنید") if persian else ("verdict", "meaning", "what to do"), verdicts
        ),
        "wrong": _wrong(persian=persian),
        "update-failures": _update_failures(persian=persian),
    }


def _codes_before(*, persian: bool) -> str:
    """What an unenrolled till's keypad can do."""
    if persian:
        return _table(("کلید", "کار"), [(_ltr(desk.code_keys(n)), said) for n, said in desk.MEANINGS.items()])
    rows = [(f"`{desk.code_keys(n)}`", guides_words.BEFORE[n], said) for n, said in desk.MEANINGS.items()]
    return _table(("keys", "meaning", "as paper says it"), rows)


def _wrong(*, persian: bool) -> str:
    """Why an answer is not taken, and what to do."""
    if persian:
        return _table(
            ("روی کاغذ", "چه کنید"),
            [(f"«{one.value}»", guides_words.WRONG[one.name][2]) for one in slips.Wrong],
        )
    rows = [(f"«{one.value}»", *guides_words.WRONG[one.name][:2]) for one in slips.Wrong]
    return _table(("on paper", "meaning", "what to do"), rows)


def _update_failures(*, persian: bool) -> str:
    """Why a version was not installed, by the code on the slip."""
    told = FAILURES if persian else guides_words.FAILURES
    rows = [(f"`{code}`", *(_marked(words) for words in told[code])) for code in FAILURES]
    return _table(("کد", "چه شد", "چه کنید") if persian else ("code", "meaning", "what to do"), rows)


def _ltr(keys: str) -> str:
    """Keys among Persian: else a star at their beginning is shown at their end."""
    return f'<bdi dir="ltr">`{keys}`</bdi>'


def _marked(words: str) -> str:
    """Isolated by marks of HTML instead of invisible letters, which editors lose."""
    return re.sub("\u2066(.*?)\u2069", r'<bdi dir="ltr">\1</bdi>', words)


def renewed(guide: str, text: str) -> str:
    """`text` with every block made anew."""
    for name, made in blocks(guide).items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        new = f"{begin}\n{made}\n{end}".replace("\\", r"\\")
        text = re.sub(f"{begin}.*?{end}", new, text, flags=re.DOTALL)
    return text


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)


def write() -> None:
    """Draw and renew everything."""
    PICTURES.mkdir(exist_ok=True)
    for name, slip in drawn().items():
        picture(slip).save(PICTURES / f"{name}.png", optimize=True)
    for guide in GUIDES:
        path = FOLDER / f"{guide}.md"
        path.write_text(renewed(guide, path.read_text()))


if __name__ == "__main__":
    write()
