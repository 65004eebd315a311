"""The README's picture is a receipt of the product, and it proves itself."""

from __future__ import annotations

import zxingcpp
from PIL import Image

from sync.wire import receipt_qr
from tests.vectors.picture import PICTURE, picture
from tests.vectors.samples import PURCHASE, TRUSTED


def test_the_pictures_qr_proves_the_purchase() -> None:
    with Image.open(PICTURE) as stored:
        (found,) = zxingcpp.read_barcodes(stored.convert("L"))
    assert receipt_qr.verify(found.text, TRUSTED).fact == PURCHASE


def test_the_picture_is_what_the_product_draws_now() -> None:
    with Image.open(PICTURE) as stored:
        assert stored.size == picture().size, "run: python -m tests.vectors.picture"
