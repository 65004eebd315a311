"""The inspector's page with this center's root key and delegations in it: whoever saves it verifies anywhere, without a network.

The page itself is made by another language's tools (sync/inspector) and verifies without this code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.central.errors import StoreFailed

if TYPE_CHECKING:
    from sync.central.keys import Keys

PAGE: Final = Path(__file__).parents[2] / "inspector" / "inspector.html"
KEYLESS: Final = '{"root":"","delegations":[]}'
"""What stands in the page before a center fills it."""
HEADERS: Final = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""What the page's own policy cannot say of itself."""


def inspector_page(root_public: bytes, delegations: tuple[bytes, ...]) -> str:
    """The page that believes this root. Raises: StoreFailed, where the page was not installed."""
    try:
        before, found, after = PAGE.read_text(encoding="utf-8").partition(KEYLESS)
    except OSError as error:
        raise StoreFailed(f"{PAGE}: {error.strerror}") from None
    if not found:
        raise StoreFailed(f"{PAGE}: has no place for a center's keys")
    believed = {"root": root_public.hex(), "delegations": [message.hex() for message in delegations]}
    return before + json.dumps(believed) + after


def inspector_page_of(keys: Keys) -> str:
    """The page of a center. Raises: StoreFailed."""
    return inspector_page(keys.trusted.root.public, keys.delegations)
