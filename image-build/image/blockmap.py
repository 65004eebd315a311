"""The block map of an image: which of its blocks hold anything, so that a card is written in a fraction of the time.

Rule: a block of zeros is left out. The map's own hash is in it, computed with zeros in its place.

Source: the format 2.0 of bmap-tools, as `bmaptool create` writes it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 4096
_READ_BLOCKS = 1024
_FORM = """\
<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> {size} </ImageSize>
    <BlockSize> {block} </BlockSize>
    <BlocksCount> {blocks} </BlocksCount>
    <MappedBlocksCount> {mapped} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> {own} </BmapFileChecksum>
    <BlockMap>
{ranges}    </BlockMap>
</bmap>
"""


def block_map(image: Path) -> str:
    """The map of the image in the file `image`, whose size is a multiple of a block's."""
    size = image.stat().st_size
    assert size % BLOCK == 0, "whole blocks"
    ranges = list(_ranges(image))
    lines = "".join(
        f'        <Range chksum="{sha256}"> {_span(first, last)} </Range>\n' for first, last, sha256 in ranges
    )
    mapped = sum(last - first + 1 for first, last, _ in ranges)
    form = _FORM.replace("{own}", "\0")
    text = form.format(size=size, block=BLOCK, blocks=size // BLOCK, mapped=mapped, ranges=lines)
    own = hashlib.sha256(text.replace("\0", "0" * 64).encode()).hexdigest()
    return text.replace("\0", own)


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def _ranges(image: Path) -> Iterator[tuple[int, int, str]]:
    """First and last block, and the hash, of each run of blocks that hold anything."""
    first: int | None = None
    hashed = hashlib.sha256()
    number = 0
    with image.open("rb") as file:
        while read := file.read(BLOCK * _READ_BLOCKS):
            for at in range(0, len(read), BLOCK):
                block = read[at : at + BLOCK]
                if block.count(0) != BLOCK:
                    if first is None:
                        first, hashed = number, hashlib.sha256()
                    hashed.update(block)
                elif first is not None:
                    yield first, number - 1, hashed.hexdigest()
                    first = None
                number += 1
    if first is not None:
        yield first, number - 1, hashed.hexdigest()
