"""Receipts as they are photographed: the page reads the code and proves it, several on one picture too, or says that it cannot."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import segno
from PIL import Image

from tests.sync.inspector.photographs import photograph
from tests.vectors import corpus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.inspector.inspected import Page

RECEIPT = corpus.FOLDER.parent / "receipt.png"
CODE_DOTS = 460
"""The last rows of the receipt: its code, and the line before it."""
HOW = [
    pytest.param((1512, 2016), 4, 0.02, 1.0, 12, id="straight"),
    pytest.param((1512, 2016), 25, 0.05, 1.6, 20, id="turned"),
    pytest.param((1512, 2016), 173, 0.07, 2.2, 30, id="on its head, from a side, blurred"),
]


@pytest.fixture(scope="module")
def code() -> Image.Image:
    with Image.open(RECEIPT) as paper:
        return paper.crop((0, paper.height - CODE_DOTS, paper.width, paper.height)).convert("L")


@pytest.mark.parametrize("way", ["camera", "files"])
def test_the_receipt_of_the_readme_is_proven_from_its_picture(page: Page, way: str) -> None:
    (seen,) = page.look_at([RECEIPT], way=way)
    assert (seen.finding, seen.what) == ("proven", "receipt")
    assert "1001-8-8" in seen.text


@pytest.mark.parametrize(("size", "tilt", "skew", "blur", "noise"), HOW)
def test_a_photograph_of_the_code_is_read(
    page: Page,
    tmp_path: Path,
    code: Image.Image,
    size: tuple[int, int],
    tilt: float,
    skew: float,
    blur: float,
    noise: int,
) -> None:
    path = tmp_path / "photograph.jpg"
    taken = photograph(
        code, "photograph", size=size, tilt_degrees=tilt, skew=skew, blur_pixels=blur, noise=noise
    )
    taken.save(path, quality=85)
    assert [one.finding for one in page.look_at([path])] == ["proven"]


def test_a_whole_receipt_of_many_lines_is_read_from_a_phone_s_photograph(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "whole.jpg"
    with Image.open(RECEIPT) as paper:
        photograph(
            paper, "whole", size=(3024, 4032), tilt_degrees=4, skew=0.02, blur_pixels=1.0, noise=12
        ).save(path)
    assert [one.finding for one in page.look_at([path])] == ["proven"]


def test_several_codes_on_one_picture_each_get_their_verdict(page: Page, tmp_path: Path) -> None:
    names = ("receipt-lines.txt", "receipt-void.txt", "card-good.txt", "receipt-amount.txt")
    desk = Image.new("L", (1000, 1000), 255)
    for index, name in enumerate(names):
        code = segno.make((corpus.FOLDER / name).read_text().strip(), error="m")
        drawn = io.BytesIO()
        code.save(drawn, kind="png", scale=4, border=4)
        with Image.open(drawn) as one:
            desk.paste(one.convert("L"), (500 * (index % 2), 500 * (index // 2)))
    path = tmp_path / "desk.png"
    desk.save(path)
    seen = page.look_at([path])
    assert sorted((one.what, one.finding) for one in seen) == [
        ("card", "proven"), ("receipt", "bad_signature"), ("receipt", "proven"), ("receipt", "proven"),
    ]  # fmt: skip
    assert {one.name for one in seen} == {"desk.png"}


def test_a_foreign_code_is_no_receipt(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "foreign.png"
    segno.make("https://sofreh.example/receipt").save(str(path), scale=8)
    (seen,) = page.look_at([path])
    assert (seen.finding, seen.proven) == ("unreadable", False)
    assert "sofreh.example" not in page.text()


def test_a_picture_without_a_code_says_how_to_take_a_better_one(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "desk.png"
    Image.new("L", (600, 800), 128).save(path)
    (seen,) = page.look_at([path])
    assert (seen.finding, seen.what, seen.proven) == ("no_code", "picture", False)
    assert "نزدیک‌تر، صاف‌تر و روشن‌تر" in seen.text


def test_a_picture_that_is_cut_off_is_not_taken_for_a_document(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "cut.png"
    path.write_bytes(RECEIPT.read_bytes()[:40])
    assert [one.finding for one in page.look_at([path])] == ["no_picture"]
