"""The block map, checked by its own rules and, where it is installed, by bmap-tools."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from image.blockmap import BLOCK, block_map

if TYPE_CHECKING:
    from pathlib import Path

FULL = b"\x07" * BLOCK
EMPTY = bytes(BLOCK)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "card.img"
    path.write_bytes(FULL + EMPTY + FULL + FULL + EMPTY * 3 + FULL)
    return path


def test_it_maps_what_holds_something_and_nothing_else(image: Path) -> None:
    read = ElementTree.fromstring(block_map(image))
    spans = [(span.text or "").strip() for span in read.iter("Range")]
    assert spans == ["0", "2-3", "7"]
    assert (read.findtext("MappedBlocksCount") or "").strip() == "4"
    assert (read.findtext("BlocksCount") or "").strip() == "8"
    assert read.find("BlockMap/Range[2]").get("chksum") == hashlib.sha256(FULL * 2).hexdigest()  # type: ignore[union-attr]  # it is there


def test_its_own_hash_is_of_itself_with_zeros_there(image: Path) -> None:
    text = block_map(image)
    own = (ElementTree.fromstring(text).findtext("BmapFileChecksum") or "").strip()
    assert own == hashlib.sha256(text.replace(own, "0" * 64).encode()).hexdigest()


@pytest.mark.skipif(shutil.which("bmaptool") is None, reason="bmap-tools is not installed here")
def test_bmap_tools_write_the_image_by_it(image: Path, tmp_path: Path) -> None:
    (tmp_path / "map").write_text(block_map(image))
    target = tmp_path / "written"
    line = ("bmaptool", "copy", "--bmap", str(tmp_path / "map"), str(image), str(target))
    subprocess.run(line, check=True, capture_output=True)
    assert target.read_bytes() == image.read_bytes()
