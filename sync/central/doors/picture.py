"""A request as a technician has it at hand: its text, a file with the text or the signed bytes, or a photo of the slip."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError

from sync.central.errors import TooLarge, WrongInput
from sync.wire.enrolling import request_qr
from sync.wire.errors import Malformed

PICTURE_BYTES_MAX = 16 << 20
PIXELS_MAX = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
"""What phones send; each further reader is one more that a stranger's bytes reach."""
TEXT_BYTES_MAX = 4096
NO_PICTURE = f"is neither Q1: text nor a picture of {', '.join(FORMATS)} (a phone's HEIC is not read)"
_WHAT = "request"


def request_in(data: bytes) -> bytes:
    """The signed request in `data`, whatever form it has. Raises: WrongInput."""
    if len(data) > PICTURE_BYTES_MAX:
        raise TooLarge(_WHAT, f"{len(data)} bytes are more than the {PICTURE_BYTES_MAX} allowed")
    if data[:1] == b"\x84":
        return data
    text = _typed(data)
    try:
        return request_qr.from_qr(_read_off(data) if text is None else text)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None


def _typed(data: bytes) -> str | None:
    """The request's text, in however many lines it was wrapped; None where `data` is no text. Raises: WrongInput."""
    try:
        text = "".join(data[:TEXT_BYTES_MAX].decode("utf-8-sig").splitlines()).strip()
    except UnicodeDecodeError:
        return None
    if not text:
        raise WrongInput(_WHAT, "is empty: give its text, or a photo of it")
    if text.isprintable() and not text.startswith(request_qr.PREFIX):
        raise WrongInput(_WHAT, f"is a text, but does not begin with {request_qr.PREFIX}")
    return text if text.isprintable() else None


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
    except UnidentifiedImageError:
        raise WrongInput(_WHAT, NO_PICTURE) from None
    except Exception:  # noqa: BLE001 -- a picture that is damaged makes its reader raise whatever comes to it
        raise WrongInput(_WHAT, "is a picture that is cut off or damaged: send it again") from None
    raise TooLarge(_WHAT, f"{pixels} pixels are more than the {PIXELS_MAX} allowed")
