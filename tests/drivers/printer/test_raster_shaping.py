"""Persian comes out joined and right to left, codes unmangled, digits told apart."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import deque
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, features

from drivers.printer import text_shaping
from drivers.printer.raster import FONT_FILE, SIZE_DOTS, face_of
from drivers.printer.text_layout import INK_THRESHOLD, Face, draw_line, width_dots_of, wrap
from drivers.printer.text_shaping import FONTS, ShapingMissing, require_shaping
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Iterator

FACES = [face_of(size, bold=bold) for size in SIZE_DOTS for bold in FONT_FILE]
FACE_NAMES = [f"{face.file_name[10:-4]}-{face.size_dots}" for face in FACES]
NORMAL = Face("Vazirmatn-Medium.ttf", 24)
LRI, PDI = "\u2066", "\u2069"

each_face = pytest.mark.parametrize("face", FACES, ids=FACE_NAMES)


def unshaped(text: str) -> Image.Image:
    """What Pillow draws, without a word, where FriBiDi is missing."""
    return draw_with(ImageFont.Layout.BASIC, text, direction=None)


def drawn_left_to_right(code: str) -> Image.Image:
    """The code in a left-to-right paragraph of its own."""
    return draw_with(ImageFont.Layout.RAQM, code, direction="ltr")


def draw_with(layout: ImageFont.Layout, text: str, direction: Literal["ltr"] | None) -> Image.Image:
    font = ImageFont.truetype(str(FONTS / NORMAL.file_name), NORMAL.size_dots, layout_engine=layout)
    picture = Image.new("L", (400, NORMAL.line_height_dots), 0)
    ImageDraw.Draw(picture).text(
        (1, NORMAL.size_dots), text, fill=255, font=font, anchor="ls", direction=direction
    )
    return picture.point([255 if level >= INK_THRESHOLD else 0 for level in range(256)], "1")


def misplaced_dots(part: Image.Image, line: Image.Image) -> int:
    """Dots that differ where `part` fits `line` best; a dot may stand one column aside (glyphs are set in fractions)."""
    left, _, right, _ = part.getbbox() or (0, 0, 0, 0)
    wanted = part.crop((left, 0, right, part.height))
    offsets = range(line.width - wanted.width + 1)
    return min(stray_dots(wanted, line.crop((x, 0, x + wanted.width, line.height))) for x in offsets)


def stray_dots(one: Image.Image, other: Image.Image) -> int:
    return ink_dots(ImageChops.logical_and(one, ImageChops.invert(thickened(other)))) + ink_dots(
        ImageChops.logical_and(other, ImageChops.invert(thickened(one)))
    )


def thickened(picture: Image.Image) -> Image.Image:
    left, right = Image.new("1", picture.size), Image.new("1", picture.size)
    left.paste(picture, (-1, 0))
    right.paste(picture, (1, 0))
    return ImageChops.logical_or(picture, ImageChops.logical_or(left, right))


def ink_box(picture: Image.Image) -> tuple[int, int]:
    left, top, right, bottom = picture.getbbox() or (0, 0, 0, 0)
    return right - left, bottom - top


def ink_dots(picture: Image.Image) -> int:
    return picture.histogram()[255]


def strokes(picture: Image.Image) -> int:
    """How many separate connected shapes the ink has."""
    left = {(x, y) for x in range(picture.width) for y in range(picture.height) if picture.getpixel((x, y))}
    count = 0
    while left:
        count += 1
        queue = deque([left.pop()])
        while queue:
            x, y = queue.popleft()
            near = {(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)} & left
            left -= near
            queue.extend(near)
    return count


def tallest_column_is_right(picture: Image.Image) -> bool:
    cropped = picture.crop(picture.getbbox())
    heights = [ink_box(cropped.crop((x, 0, x + 1, cropped.height)))[1] for x in range(cropped.width)]
    return heights.index(max(heights)) > cropped.width // 2


@each_face
def test_letters_are_joined(face: Face) -> None:
    assert strokes(draw_line(face, "سلسله")) == 1


def test_the_joining_test_would_see_unjoined_letters() -> None:
    assert strokes(unshaped("سلسله")) > 1


@field_failure(
    "Persian is reversed and unjoined",
    "DantSu/ESCPOS-ThermalPrinter-Android#74",
    "lsongdev/node-escpos#63",
    "mike42/escpos-php#1147",
)
@each_face
def test_a_word_runs_right_to_left(face: Face) -> None:
    assert tallest_column_is_right(draw_line(face, "اس")), "alef comes first, so it stands at the right"


def test_the_direction_test_would_see_a_reversed_word() -> None:
    assert not tallest_column_is_right(unshaped("اس"))


def test_a_line_that_begins_with_a_latin_word_still_runs_right_to_left() -> None:
    line = draw_line(NORMAL, "Coca نوشابه")
    right_end = line.crop((line.width - draw_line(NORMAL, "Coca").width, 0, line.width, line.height))
    assert misplaced_dots(drawn_left_to_right("Coca"), right_end) == 0


@field_failure(
    "numbers inside Persian are turned around", "Hopding/pdf-lib#1450", "khaled-alshamaa/ar-php#23"
)
@pytest.mark.parametrize("code", ["*500*1463#", "021-6369", "V.Refah", "7-000123", "12.5.3"])
def test_an_isolated_code_keeps_its_order_inside_a_persian_sentence(code: str) -> None:
    sentence = draw_line(NORMAL, f"شماره {LRI}{code}{PDI} را بگیرید")
    assert misplaced_dots(drawn_left_to_right(code), sentence) == 0


@pytest.mark.parametrize("code", ["*500*1463#", "7-000123"])
def test_the_isolate_test_would_see_a_mangled_code(code: str) -> None:
    sentence = draw_line(NORMAL, f"شماره {code} را بگیرید")
    assert misplaced_dots(drawn_left_to_right(code), sentence) > 20


@each_face
def test_a_zero_is_at_least_five_dots_wide_and_high(face: Face) -> None:
    assert min(ink_box(draw_line(face, "۰"))) >= 5


@each_face
@pytest.mark.parametrize("separator", ["٬", "٫", "،", "."])
def test_a_separator_is_narrower_than_a_zero_or_reaches_below_the_line(face: Face, separator: str) -> None:
    zero, mark = draw_line(face, "۰"), draw_line(face, separator)
    assert ink_box(mark)[0] < ink_box(zero)[0] or (mark.getbbox() or (0,) * 4)[3] > face.size_dots + 1


@each_face
def test_a_thousands_separator_has_less_ink_than_a_zero(face: Face) -> None:
    assert ink_dots(draw_line(face, "٬")) < ink_dots(draw_line(face, "۰"))


@each_face
def test_a_zero_is_a_ring_or_a_full_dot_without_a_tail(face: Face) -> None:
    width, height = ink_box(draw_line(face, "۰"))
    assert abs(width - height) <= 1


@each_face
def test_no_two_digits_look_alike(face: Face) -> None:
    pictures = {digit: padded(draw_line(face, digit)) for digit in "۰۱۲۳۴۵۶۷۸۹"}
    for one, other in combinations(pictures, 2):
        assert difference_dots(pictures[one], pictures[other]) >= face.size_dots // 2, one + other


def padded(picture: Image.Image) -> Image.Image:
    canvas = Image.new("1", (48, 64), 0)
    canvas.paste(picture.crop(picture.getbbox()), (0, 0))
    return canvas


def difference_dots(one: Image.Image, other: Image.Image) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


@each_face
def test_no_letter_is_cut_off_above_or_below(face: Face) -> None:
    for letter in "آأإگکپچجحخعغقیئۀّ۰۱۲۳۴۵۶۷۸۹0123456789#*-()|Qgjpqy،؛٬٫«»":
        picture = draw_line(face, letter)
        _, top, _, bottom = picture.getbbox() or (0, 1, 0, 0)
        assert top > 0, letter
        assert bottom < picture.height, letter


@each_face
def test_a_wrapped_text_keeps_its_words_and_stays_on_the_paper(face: Face) -> None:
    text = "این رسید در همین دستگاه ثبت شد و هنوز به مرکز نرسیده است"
    lines = wrap(face, text, 384)
    assert " ".join(lines) == text
    assert max(width_dots_of(face, line) for line in lines) <= 384


def test_an_isolate_is_never_torn_over_two_lines() -> None:
    code = f"{LRI}12 345 678{PDI}"
    lines = wrap(NORMAL, f"شماره رسید این خرید در دفتر مغازه {code} است", 384)
    assert [line for line in lines if code in line]


def test_a_long_name_breaks_between_its_words() -> None:
    name = "برنج ایرانی طارم هاشمی درجه یک کیسه ده کیلویی شمال"
    lines = wrap(NORMAL, f"\u2068{name}{PDI}", 384)
    assert " ".join(lines).strip(f"\u2068{PDI}") == name
    assert len(lines) == 2


def test_a_word_wider_than_the_paper_is_cut_and_loses_nothing() -> None:
    lines = wrap(NORMAL, "ب" * 200, 384)
    assert "".join(lines) == "ب" * 200
    assert max(width_dots_of(NORMAL, line) for line in lines) <= 384


def test_line_feeds_begin_new_lines_and_empty_lines_stay() -> None:
    assert wrap(NORMAL, "یک\n\nدو", 384) == ["یک", "", "دو"]


@pytest.fixture
def without_raqm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    require_shaping.cache_clear()
    monkeypatch.setattr(features, "check", lambda feature: feature != "raqm")
    yield
    monkeypatch.undo()
    require_shaping.cache_clear()


@field_failure(
    "Persian is shaped twice, or by nobody", "shahkoorosh/ComfyUI-PersianText#3", "python-pillow/Pillow#3081"
)
def test_a_machine_that_cannot_shape_is_refused_and_told_what_to_install(without_raqm: None) -> None:
    with pytest.raises(ShapingMissing, match="libfribidi0"):
        require_shaping()


def test_a_private_library_is_found_by_its_soname_before_pillow_looks(tmp_path: Path) -> None:
    """In a process of its own: a library can be loaded only once."""
    (library,) = {
        Path(line.split()[-1])
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "fribidi" in line
    }
    place = tmp_path / "fribidi" / "usr" / "lib" / "any" / "libfribidi.so.0"
    place.parent.mkdir(parents=True)
    shutil.copy(library, place)
    program = (
        f"import sys; sys.prefix = {str(tmp_path)!r}\n"
        "from drivers.printer.text_shaping import require_shaping; require_shaping()\n"
        "print([line.split()[-1] for line in open('/proc/self/maps') if 'fribidi' in line][0])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(place)


def test_a_private_library_of_another_architecture_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "libfribidi.so.0").write_bytes(b"not a library")
    text_shaping._load_private_fribidi(tmp_path)
    require_shaping()
