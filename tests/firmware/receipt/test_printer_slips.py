"""What a person reads while the till looks for its printer."""

from __future__ import annotations

import pytest

from drivers.printer.profiles import built_in
from drivers.printer.slip import Text
from firmware.receipt.persian import isolate
from firmware.receipt.printer_slips import printer_found


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("58mm", "چاپگر ۵۸ میلی‌متری"),
        ("80mm", "چاپگر ۸۰ میلی‌متری"),
        ("epson-tm-t88", isolate("Epson TM-T88III to TM-T88VII")),
    ],
)
def test_a_generic_printer_is_found_by_its_paper_and_a_model_by_its_name(profile: str, told: str) -> None:
    title = built_in()[profile].title
    assert told in [
        part.text for part in printer_found(profile=profile, title=title) if isinstance(part, Text)
    ]
