"""`python -m firmware.demo`: live the story, check the books, leave pictures and reports behind.

Exit status: 0 if everything agrees; 1 if an event went wrong or a sum differs, with the place to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from pathlib import Path

from firmware.demo import ending, world
from firmware.demo.heard import Unmet
from firmware.demo.living import StoryBroken, live
from firmware.demo.timetable import SHORT, WHOLE
from firmware.demo.world import Folders
from firmware.simulation.center_process import OrderFailed
from firmware.simulation.child import ChildEnded

HOUSEHOLDS = 120
HOUSEHOLDS_OF_THE_SHORT_STORY = 26


def main() -> int:
    """Run the demo; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m firmware.demo", description="Days of trade at one shop.")
    parser.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR", help="made anew")
    parser.add_argument("--short", action="store_true", help="one day and a morning, in a smaller village")
    given = parser.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)
    try:
        agrees = asyncio.run(_tell(Folders(given.out.absolute()), short=given.short))
    except (StoryBroken, Unmet, OrderFailed, ChildEnded, TimeoutError) as error:
        print(f"\nThe demo has failed.\n{error}", file=sys.stderr)
        return 1
    return 0 if agrees else 1


async def _tell(folders: Folders, *, short: bool) -> bool:
    begun_s = time.monotonic()
    households, days = (HOUSEHOLDS_OF_THE_SHORT_STORY, SHORT) if short else (HOUSEHOLDS, WHOLE)
    print(f"Sofreh, a village of {households} households around one shop. Slips go to {folders.slips}.\n")
    async with world.made(folders, households=households) as story:
        await world.takes_up_allowances(story)
        for day in days:
            await live(story, day)
        agrees = await ending.check(story, folders)
    print(f"\n{time.monotonic() - begun_s:.0f} seconds. Look at {folders.out}.")
    return agrees


if __name__ == "__main__":
    sys.exit(main())
