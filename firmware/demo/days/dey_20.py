"""Saturday 20 Dey: a PIN is forgotten and blocked; one-time codes, given out by the center, mend it without network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.till import other
from firmware.demo.village import LOW, SUPPORTED
from firmware.receipt.prompt_slips import Prompt
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041020", "Saturday. A PIN is forgotten; one-time codes mend it without network.")


@DAY.event
async def wrong_pin(story: Story) -> None:
    """A wrong PIN, then the right one: nothing is lost by it."""
    family = story.family(SUPPORTED, 7)
    goods = (shelf.YOGHURT.times(2),)
    split = story.books.split(family, goods, story.now_s)
    await story.till.show(story.card(family))
    await story.till.put(*goods)
    await acts.totals(story, split)
    await story.till.press_wrong_pin(story.card(family))
    story.refused(DeclineReason.WRONG_PIN, as_decline=False)
    await story.till.pin(story.card(family))
    acts.got_receipt(story, family, goods, split)


@DAY.event
async def pin_blocked(story: Story) -> None:
    """Three wrong PINs: it is blocked, and the slip says what helps."""
    family = story.family(LOW, 3)
    await story.till.show(story.card(family))
    await story.till.put(shelf.PASTA)
    await story.till.total()
    for _ in range(2):
        await story.till.press_wrong_pin(story.card(family))
        story.refused(DeclineReason.WRONG_PIN, as_decline=False)
    await story.till.press_wrong_pin(story.card(family))
    story.refused(DeclineReason.PIN_BLOCKED, as_decline=False)
    await acts.leaves(story)


@DAY.event
async def still_blocked(story: Story) -> None:
    """Even the right PIN does not help any more."""
    await acts.is_refused(story, story.family(LOW, 3), shelf.PASTA, reason=DeclineReason.PIN_BLOCKED)


@DAY.event
async def one_time_code(story: Story) -> None:
    """The call center gives out a one-time code; at the till, still cut off, it stands for the PIN."""
    family = story.family(LOW, 3)
    goods = shelf.PASTA.times(2), shelf.OIL
    code = await mishaps.code_for(story, family)
    await story.till.show(story.card(family))
    await story.till.put(*goods)
    await story.till.call("4", other(code))
    story.refused(DeclineReason.WRONG_CODE, as_decline=False)
    await story.till.call("4", code)
    story.heard.must_say("رمز پذیرفته شد", "شمارش رمزهای اشتباه پاک شد.")
    split = story.books.split(family, goods, story.now_s)
    await acts.totals(story, split)
    await story.till.enter()
    acts.got_receipt(story, family, goods, split)


@DAY.event
async def national_id(story: Story) -> None:
    """A card was left at home: national ID, confirmed masked, and a one-time code."""
    family = story.family(LOW, 7)
    goods = shelf.CHICKEN_THIGHS, shelf.PASTA
    code = await mishaps.code_for(story, family)
    await story.till.call("3", family.national_id)
    story.heard.must_say(f"کد ملی با پایان {family.national_id[-4:]}")
    await story.till.enter()
    await story.till.press(f"{code}\n")
    story.heard.must_say("رمز پذیرفته شد")
    await story.till.put(*goods)
    split = story.books.split(family, goods, story.now_s)
    await acts.totals(story, split)
    await story.till.enter()
    acts.got_receipt(story, family, goods, split)


@DAY.event
async def code_is_good_once(story: Story) -> None:
    """A code that was used is refused."""
    family = story.family(LOW, 7)
    await story.till.show(story.card(family))
    await story.till.call("4", story.codes[family.number])
    story.refused(DeclineReason.WRONG_CODE, as_decline=False)
    await acts.puts_card_aside(story)


@DAY.event
async def unknown_id(story: Story) -> None:
    """A national ID that nobody here has."""
    await story.till.call("3", story.village.unknown_national_id)
    story.refused(DeclineReason.UNKNOWN_ID)


@DAY.event
async def mistyped_id(story: Story) -> None:
    """A mistyped national ID is caught by its check digit."""
    right = story.family(LOW, 7).national_id
    await story.till.call("3", other(right))
    story.heard.must_say(Prompt.BAD_NATIONAL_ID.value)
    await story.till.press("-")


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
