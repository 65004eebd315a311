"""What an order gives back, in a module of its own: whoever only hands an order to the serving process needs no more."""

from __future__ import annotations

from typing import Any, NamedTuple


class Result(NamedTuple):
    """`data` is what --json prints, `lines` what people read; not `ok` is a failed check."""

    data: dict[str, Any]
    lines: list[str]
    ok: bool = True
