"""The pictures of the demo: one strip of paper an event, named by day, place in the day, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image


class Album:
    """Owns the folder of slips."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pictures = 0

    def keep(self, picture: Image.Image, name: str) -> Path | None:
        """Save what came out of the printer; None where nothing did."""
        if not picture.height:
            return None
        path = self.folder / f"{name}.png"
        picture.save(path, compress_level=1)
        self.pictures += 1
        return path
