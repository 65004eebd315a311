"""Do the books agree? Journal = ledger = settlement = the story's own count; every entry verified, none lost, none double.

The till is shut down first; its journal is proven and exported by `sofreh-till journal`, the center's store by
`sofreh-central verify`, and its report is left behind for people.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from firmware.demo.journal_sums import JournalSums, read_export
from firmware.simulation.center_process import OrderFailed
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.demo.story import Story
    from firmware.demo.world import Folders

TILL = (sys.executable, "-m", "firmware.command")
ENDINGS_MAX = 3
"""A till may be shut down just when mail has come: what it noted then goes up at its next start."""


class Checks(Struct):
    """What must agree, said one by one."""

    failed: list[str] = field(default_factory=list)

    def equal(self, what: str, **values: object) -> None:
        """All values are the same."""
        agrees = len(set(values.values())) == 1
        said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
        self.true(f"{what}: {said}", agrees=agrees)

    def true(self, what: str, *, agrees: bool) -> None:
        """This holds."""
        print(f"  {'agrees ' if agrees else 'DIFFERS'}  {what}")
        if not agrees:
            self.failed.append(what)


async def check(story: Story, folders: Folders) -> bool:
    """Print table and checks; whether everything agrees."""
    await _end(story, folders)
    proven = await _journal(folders, "verify")
    verified = await story.center.order("verify")
    (exported,) = (await story.center.order("verify", folders.out / "journal.cborseq"))["files"]
    report = await story.center.order("report", "--html", folders.out / "report.html")
    (folders.out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1))
    sums = read_export(folders.out / "journal.cborseq")
    _print_table(story, sums, report)
    checks = Checks()
    _check_entries(checks, story, sums, report)
    _check_money(checks, story, sums, report)
    checks.true(f"sofreh-till journal verify: {proven}", agrees=True)
    checks.true("sofreh-central verify: every entry, chain and posting holds", agrees=bool(verified["sound"]))
    checks.true(
        f"sofreh-central verify journal.cborseq: {exported['entries']} entries proven by the root's key",
        agrees=exported["finding"] == "proven" and exported["entries"] == sums.entries,
    )
    return not checks.failed


async def _end(story: Story, folders: Folders) -> None:
    """Shut the till down and export its journal, once the center holds all of it."""
    for _ in range(ENDINGS_MAX):
        await story.shop.plug.shut_down()
        await _journal(folders, "export", folders.out / "journal.cborseq")
        entries = read_export(folders.out / "journal.cborseq").entries
        if entries == (await story.center.order("report"))["entries"]:
            return
        await story.shop.plug.insert()
        await story.shop.until_exchanged()
    await story.shop.plug.shut_down()


def _print_table(story: Story, sums: JournalSums, report: dict[str, Any]) -> None:
    accepted = report["verdicts"].get("accepted", 0)
    final_rial = report["reconciliation"]["settled_rial"]
    rows = (
        ("events", f"{story.events}: {story.till.scans} scans and {story.till.keys:,} keys"),
        ("entries", f"{sums.entries}"),
        ("purchases", f"{sums.purchases}, and {sums.cash_sales} cash sales, {sums.voids} voids, {sums.refunds} refunds"),
        ("declines", f"{sums.declines} in the journal, of {len(story.reasons)} of {len(DeclineReason)} kinds"),
        ("credit used", f"{_toman(sums.net_credit_rial)} toman, net of voids and refunds"),
        ("buyers' part", f"{_toman(sums.net_own_rial)} toman, and {_toman(sums.cash_sales_rial)} in cash sales"),
        ("verified", f"{accepted} of {report['entries']} entries accepted"),
        ("final", f"{_toman(final_rial)} toman in {len(report['settlements'])} settlements"),
        ("slips", f"{story.album.pictures} pictures"),
    )  # fmt: skip
    print("\n" + "\n".join(f"  {name:<34s}{value}" for name, value in rows))
    print("\n  Refusals that occurred: " + ", ".join(_counted(story)))
    missing = [reason.name.lower() for reason in DeclineReason if not story.reasons[reason]]
    if missing:
        print("  Not met in this story: " + ", ".join(missing))
    print()


def _counted(story: Story) -> list[str]:
    return [f"{reason.name.lower()} {count}" for reason, count in sorted(story.reasons.items())]


def _check_entries(checks: Checks, story: Story, sums: JournalSums, report: dict[str, Any]) -> None:
    checks.equal("entries", journal=sums.entries, center=report["entries"])
    checks.equal("verified", entries=report["entries"], accepted=report["verdicts"].get("accepted", 0))
    checks.true(
        f"sent twice and held once: {story.entries_unheard} entries of the answer that broke",
        agrees=0 < story.entries_unheard <= report["entries"] and "duplicate" not in report["verdicts"],
    )
    checks.equal("strays and observations", center=report["strays"] + len(report["observations"]), none=0)
    whole = story.books.whole
    for what, told, counted in (
        ("purchases", whole.purchases, sums.purchases), ("cash sales", whole.cash_sales, sums.cash_sales),
        ("voids", whole.voids, sums.voids), ("refunds", whole.refunds, sums.refunds),
        ("declines", whole.declines, sums.declines),
    ):  # fmt: skip
        checks.equal(what, story=told, journal=counted, center=report["kinds"].get(_kind(what), 0))


def _check_money(checks: Checks, story: Story, sums: JournalSums, report: dict[str, Any]) -> None:
    agreed, whole = report["reconciliation"], story.books.whole
    checks.equal(
        "credit in rial", story=whole.net_credit_rial, journal=sums.net_credit_rial, ledger=agreed["ledger_rial"],
        settlement=agreed["settled_rial"], z_slips=agreed["device_rial"],
    )  # fmt: skip
    checks.equal(
        "buyers' part in rial", story=whole.own_rial - whole.back_own_rial, journal=sums.net_own_rial,
        center=report["credit"]["own_rial"],
    )  # fmt: skip
    credit = report["credit"]
    used = {name: credit[name] for name in ("spent_rial", "left_rial", "expired_rial")}
    checks.equal(
        "allotted = spent + left + expired", allotted=credit["allotted_rial"], sum=sum(used.values())
    )
    checks.true("nothing is open at the center: all is settled", agrees=bool(agreed["final"]))


def _kind(what: str) -> str:
    return {"purchases": "purchase", "cash sales": "cash_sale", "voids": "void", "refunds": "refund"}.get(
        what, "decline"
    )


def _toman(amount_rial: int) -> str:
    return f"{amount_rial // 10:,}"


async def _journal(folders: Folders, *words: str | Path) -> str:
    """Run `sofreh-till journal`. Raises: OrderFailed."""
    action, *rest = map(str, words)
    process = await asyncio.create_subprocess_exec(
        *TILL, "journal", action, "--config", str(folders.shop / "till.toml"), *rest,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await process.communicate()
    if process.returncode:
        raise OrderFailed(f"sofreh-till journal {action}: {complained.decode().strip()}")
    return said.decode().strip()
