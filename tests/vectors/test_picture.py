"""The README's pictures are a receipt of the product, and each proves itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from sync.wire import receipt_qr
from tests.vectors.picture import PICTURES, picture
from tests.vectors.samples import PURCHASE, TRUSTED

if TYPE_CHECKING:
    from pathlib import Path

each_picture = pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)


@each_picture
def test_the_pictures_qr_proves_the_purchase(path: Path) -> None:
    with Image.open(path) as stored:
        (found,) = zxingcpp.read_barcodes(stored.convert("L"))
    assert receipt_qr.verify(found.text, TRUSTED).fact == PURCHASE


@each_picture
def test_the_picture_is_what_the_product_draws_now(path: Path) -> None:
    with Image.open(path) as stored:
        assert stored.size == picture(PICTURES[path]).size, "run: python -m tests.vectors.picture"
