"""What every test runs under: property tests that neither race a clock nor differ from run to run."""

from __future__ import annotations

import signal

from hypothesis import settings

# Who is started in the background of a shell without a terminal ignores interrupts, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("sofreh", deadline=None, max_examples=60, derandomize=True, database=None)
# For a long search by hand: pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("sofreh")
