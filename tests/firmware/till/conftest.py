"""The counter that the stories of the till stand at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.firmware.till.counter import Counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    with Counter(tmp_path) as counter:
        yield counter
