"""A screen that is a file of pixels with a geometry of its own, to be looked at as a picture.

Rule: it keeps exactly the bytes that a framebuffer would, so lines may be longer than what is seen of them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PIL import Image

from drivers.screen import Framebuffer

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.screen import Geometry


class FileScreen:
    """Owns the file at `path`."""

    def __init__(self, path: Path, geometry: Geometry) -> None:
        self.path = path
        self.geometry = geometry
        path.write_bytes(b"\x55" * (geometry.first_byte + geometry.height * geometry.line_bytes))

    def open(self) -> Framebuffer:
        """What the till writes to, without the kernel's questions about geometry."""
        return Framebuffer(os.open(self.path, os.O_RDWR | os.O_CLOEXEC), self.geometry, name=str(self.path))

    def seen(self) -> Image.Image:
        """What a person sees: gray pixels, each the mean of its bytes."""
        geometry = self.geometry
        data = self.path.read_bytes()[geometry.first_byte :]
        size = (geometry.line_bytes, geometry.height)
        visible = (0, 0, geometry.width * geometry.pixel_bytes, geometry.height)
        bytes_seen = Image.frombytes("L", size, data).crop(visible)
        return bytes_seen.resize((geometry.width, geometry.height), Image.Resampling.BOX)
