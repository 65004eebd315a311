"""`*25`: the operator has the version on the stick installed. Who writes the card is somebody else's; here it is asked for and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drivers.sound import Sound
from firmware.receipt.update_slips import UpdateNews, UpdateStep, update_slip

if TYPE_CHECKING:
    from firmware.till.states import State
    from firmware.till.talk import Talk


class Updates(Protocol):
    """The till's side of an update on a card: `firmware.technician.updating`."""

    @property
    def running(self) -> str:
        """The version that runs."""

    @property
    def under_way(self) -> UpdateNews | None:
        """What is being installed, and how far it is."""

    async def order(self) -> UpdateNews:
        """Have the newest version on the stick installed; what came of that."""

    def printed(self, news: UpdateNews) -> None:
        """The slip of `news` is on paper."""


async def install(talk: Talk) -> State:
    """Order what lies on the stick, and say so, or why not."""
    updates = talk.settings.updates
    offered = [
        item for item in talk.notices if isinstance(item, UpdateNews) and item.step is UpdateStep.OFFERED
    ]
    for item in offered:
        talk.notices.remove(item)  # who installs it has no need to be told of it
    news = UpdateNews(step=UpdateStep.NO_CARD) if updates is None else await updates.order()
    await talk.beep(Sound.ACCEPTED if news.step is UpdateStep.ORDERED else Sound.LOOK)
    await talk.show(update_slip(news))
    return talk.rest()
