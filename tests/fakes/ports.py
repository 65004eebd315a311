"""A printer's port from which nothing ever comes: what takes its bytes is added by whoever needs it."""

from __future__ import annotations

import asyncio

DAY_S = 86_400


class QuietPort:
    """A port without status, modem lines or end."""

    async def read(self, *, timeout_ms: int | None = None) -> bytes:
        await asyncio.sleep(DAY_S if timeout_ms is None else timeout_ms / 1_000)
        return b""

    holds_back = True

    def restore(self) -> None:
        return

    def has_room(self) -> bool:
        return True

    def paper_is_out(self) -> bool | None:
        return None

    def power_was_cut(self) -> bool:
        return False
