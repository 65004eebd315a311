"""A request as a technician has it at hand: its text, a file with the text or the signed bytes, or a photo of the slip."""

from __future__ import annotations

import io

from PIL import Image

from sync.central.errors import TooLarge, WrongInput
from sync.wire.enrolling import request_qr
from sync.wire.errors import Malformed

PICTURE_BYTES_MAX = 16 << 20
PIXELS_MAX = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
"""What phones send; each further reader is one more that a stranger's bytes reach."""
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

    found = zxingcpp.read_barcodes(_gray(data))
    texts = [code.text for code in found if code.text.startswith(request_qr.PREFIX)]
    if not texts:
        raise WrongInput(_WHAT, "no request's QR can be read in the picture")
    return texts[0]


def _gray(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels <= PIXELS_MAX:
                return picture.convert("L")
    except Exception:  # noqa: BLE001 -- a picture that is none makes its reader raise whatever comes to it
        raise WrongInput(_WHAT, "is neither Q1: text nor a picture") from None
    raise TooLarge(_WHAT, f"{pixels} pixels are more than the {PIXELS_MAX} allowed")
