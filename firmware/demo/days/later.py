"""A look ahead: what the same till says in later months and years, so that every refusal is seen once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE, SUPPORTED
from firmware.simulation.center_process import scheme_file
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

ESFAND = Day("14041216", "A look ahead: 16 Esfand. The line was broken for 46 days.", "later-1-esfand")
ORDIBEHESHT = Day("14050202", "A look ahead: 2 Ordibehesht 1405. The phase is over.", "later-2-ordibehesht")
BAHMAN = Day("14071101", "A look ahead: 1 Bahman 1407. The till's certificate has ended.", "later-3-bahman")


@ESFAND.event
async def policy_too_old(story: Story) -> None:
    """The rules were confirmed too long ago: no credit until the center answers."""
    await acts.is_refused(story, story.family(SUPPORTED, 1), shelf.OIL, reason=DeclineReason.POLICY_TOO_OLD)


@ESFAND.event
async def line_is_back(story: Story) -> None:
    """The center answers, and the same basket is paid."""
    await story.shop.link.restore()
    await story.shop.until_exchanged()
    await acts.buys(story, story.family(SUPPORTED, 1), shelf.OIL)


@ESFAND.event
async def announced_by_mail(story: Story) -> None:
    """Two more months are announced; with network the mail opens them."""
    for tranche in (3, 4):
        await story.order_by_mail("announce", tranche)
        story.books.announced.add(tranche)
    await acts.buys(story, story.family(SUPPORTED, 3), shelf.RICE_10_KG)


@ESFAND.event
async def tightened(story: Story) -> None:
    """The rules are tightened by mail to two purchases without network; then the line breaks."""
    tight = story.center.folder / "dey-1404-two-purchases.toml"
    rules = scheme_file("dey-1404.toml").read_text()
    tight.write_text(rules.replace("device_purchases = 3_000", "device_purchases = 2"))
    await story.order_by_mail("policy", "load", tight)
    await mishaps.line_breaks(story)
    await acts.buys(story, story.family(MIDDLE, 1), shelf.PASTA)
    await acts.buys(story, story.family(MIDDLE, 2), shelf.PASTA)


@ESFAND.event
async def device_limit(story: Story) -> None:
    """The third purchase is refused."""
    await acts.is_refused(story, story.family(MIDDLE, 4), shelf.PASTA, reason=DeclineReason.DEVICE_LIMIT)
    story.heard.must_say("سقف | ۲ خرید")


@ESFAND.event
async def no_paper(story: Story) -> None:
    """The line is whole, but the printer is pulled out: two baskets are sold by the display, the third waits for paper."""
    await story.shop.link.restore()
    await story.shop.until_exchanged()
    story.shop.printer.unplug()
    for _ in range(2):
        await acts.pays_cash_without_paper(story, shelf.PASTA)
    await story.till.put(shelf.PASTA)
    await story.till.total()
    await story.refused_on_display(DeclineReason.NO_PAPER)
    await story.till.cancel()
    await mishaps.printer_is_back(story, owes=acts.CASH_RECEIPT, times=2)


@ESFAND.event
async def rolled_back(story: Story) -> None:
    """The rules before are brought back, and the third household buys."""
    await story.center.order("policy", "rollback")
    await story.until_all_mail()
    await acts.buys(story, story.family(MIDDLE, 4), shelf.PASTA)


@ESFAND.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
    await story.shop.until_exchanged()
    story.shop.link.cut()


@ORDIBEHESHT.event
async def expired(story: Story) -> None:
    """What was not spent has expired; the slip says since when."""
    await story.shop.link.restore()
    await story.until_answered()
    await acts.is_refused(story, story.family(LOW, 1), shelf.OIL, reason=DeclineReason.EXPIRED)


@ORDIBEHESHT.event
async def closing_in_spring(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
    await story.shop.until_exchanged()
    story.shop.link.cut()


@BAHMAN.event
async def device_suspended(story: Story) -> None:
    """A till without a valid certificate sells nothing on credit."""
    await acts.is_refused(story, story.family(LOW, 1), shelf.OIL, reason=DeclineReason.DEVICE_SUSPENDED)


@BAHMAN.event
async def last_words(story: Story) -> None:
    """The line is whole; what the till has to say still reaches the center."""
    await story.shop.link.restore()
    await acts.closes(story)
    await story.shop.until_exchanged()
