"""A test that holds a failure reported from the field names it: what went wrong there, and where it was said.

The name says what a till did that must not happen here, in words, once in the whole suite. A source is the thread of a
public repository (`owner/name#number`) or a page's address. `tests/FIELD_FAILURES.md` lists them all.
"""

from __future__ import annotations

import pytest


def field_failure(name: str, *sources: str) -> pytest.MarkDecorator:
    """Mark the test that would fail if our till did what `name` says; `sources` are literals, the gate reads them."""
    return pytest.mark.field_failure(name, *sources)
