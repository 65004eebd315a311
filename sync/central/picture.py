"""A request as a technician has it at hand: its text, a file with the text or the signed bytes, or a photo of the slip."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from sync.central.errors import TooLarge, WrongInput
from sync.wire import request_qr
from sync.wire.errors import Malformed

PICTURE_BYTES_MAX = 16 << 20
PIXELS_MAX = 50_000_000
_WHAT = "request"


def request_in(data: bytes) -> bytes:
    """The signed request in `data`, whatever form it has. Raises: WrongInput."""
    if len(data) > PICTURE_BYTES_MAX:
        raise TooLarge(_WHAT, f"{len(data)} bytes are more than the {PICTURE_BYTES_MAX} allowed")
    if data[:1] == b"\x84":
        return data
    text = data.decode("utf-8", "replace").strip("\r\n") if len(data) < 4096 else ""
    if not text.lstrip().startswith(request_qr.PREFIX):
        text = _read_off(data)
    try:
        return request_qr.from_qr(text.lstrip())
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None


def _read_off(data: bytes) -> str:
    """The text of the request's QR in a picture."""
    # A center that never sees a photo needs no reader.
    import zxingcpp  # noqa: PLC0415 -- see above

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                raise TooLarge(_WHAT, f"{picture.width} x {picture.height} pixels are too many")
            found = zxingcpp.read_barcodes(picture.convert("L"))
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise WrongInput(_WHAT, "is neither Q1: text nor a picture") from None
    texts = [code.text for code in found if code.text.startswith(request_qr.PREFIX)]
    if not texts:
        raise WrongInput(_WHAT, "no request's QR can be read in the picture")
    return texts[0]
