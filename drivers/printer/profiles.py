"""What a kind of printer is and can do: the facts that everything about paper is decided by.

Rules:
- Profiles are data: `profiles.toml` beside this file, and a shop's own file in the same form, where a name may replace one
  of ours. A table is a profile; its keys are the fields of `PrinterProfile`; `like` takes all that is not said from
  another one.
- What is not known of a model is not said: it then gets what the plainest printer of its width gets.
- A misspelt key is an error that names file, profile and key.

Must not know: ports, bytes of commands, what is printed.
"""

from __future__ import annotations

import fnmatch
import tomllib
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from drivers.errors import ProfileError
from drivers.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BUILT_IN: Final = Path(__file__).with_name("profiles.toml")
FILE_BYTES_MAX = 16 << 10
NARROW, WIDE = "58mm", "80mm"
"""The generic ones: 384 dots and no cutter, 576 dots and a cutter."""


class Buzzer(Enum):
    """The command that makes the printer beep."""

    NONE = "none"
    ESC_B = "esc_b"


class Raster(Enum):
    """A command that prints dots."""

    GS_V_0 = "gs_v_0"
    """Rows as they come."""
    ESC_STAR_24 = "esc_star_24"
    """Columns of 24 dots."""
    GS_L = "gs_l"
    """A left margin, which moves the rows after it."""


class TextMode(Enum):
    """The command by which letters of our own are loaded into the printer."""

    NONE = "none"
    ESC_AMPERSAND = "esc_ampersand"


class Answer(Enum):
    """What the printer answers to."""

    DLE_EOT = "dle_eot"
    """Real-time status, also while it holds everything else."""
    GS_R = "gs_r"
    """Status in its turn: all that was sent before has been printed."""
    GS_PAREN_H = "gs_paren_h"
    """A job's number in its turn."""
    GS_A = "gs_a"
    """Tells by itself when its state changes (automatic status back)."""


class PrinterProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of printer. A field is named in the file as it is here."""

    name: str
    title: str = ""
    """For people, in Latin letters: maker and model."""
    width_dots: Annotated[int, msgspec.Meta(ge=192, le=832, multiple_of=8)]
    dots_per_inch: Annotated[int, msgspec.Meta(ge=150, le=300)] = 203
    has_cutter: bool = False
    tear_feed_dots: Annotated[int, msgspec.Meta(ge=0, le=400)] = 96
    """What moves the last row above the tear bar; where there is a cutter it feeds by itself."""
    has_drawer: bool = False
    """A cash drawer may hang on it (ESC p)."""
    buzzer: Buzzer = Buzzer.NONE
    has_native_qr: bool = False
    """Draws a QR symbol by itself (GS ( k, model 2)."""
    raster: tuple[Raster, ...] = (Raster.GS_V_0, Raster.ESC_STAR_24)
    band_rows_max: Annotated[int, msgspec.Meta(ge=8, le=255)] = 24
    """Rows in one raster command: less is sent before paper moves, and less is lost in a broken one."""
    sets_feed_unit: bool = False
    """Understands GS P, which makes one feed unit one dot; others are taken to feed dots from the start."""
    text_mode: TextMode = TextMode.NONE
    answers: tuple[Answer, ...] = ()
    baud: Annotated[int, msgspec.Meta(ge=1_200, le=921_600)] = 9_600
    flow: Flow = Flow.NONE
    rows_per_s: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    """How fast it prints, for a line without flow control; 0 is not known, and it is not waited for."""
    buffer_bytes: Annotated[int, msgspec.Meta(ge=256, le=1 << 20)] = 4_096
    """What it holds of what it has not printed yet, likewise."""
    usb: tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{4}:[0-9a-f]{4}$")], ...] = ()
    """Vendor and product, where they stand for this kind of printer alone."""
    models: tuple[str, ...] = ()
    """Patterns of its model's name (`TM-T20*`), as it says by IEEE 1284 or as its USB product."""

    @property
    def row_bytes(self) -> int:
        """Bytes of a full row of dots."""
        return self.width_dots // 8


@cache
def built_in() -> Mapping[str, PrinterProfile]:
    """Our profiles by name."""
    return _read(BUILT_IN, {})


def all_profiles(own_file: Path | None = None) -> Mapping[str, PrinterProfile]:
    """Our profiles and those of a shop's own file. Raises: ProfileError, naming file, profile and key."""
    return built_in() if own_file is None else {**built_in(), **_read(own_file, built_in())}


def profile_named(name: str, own_file: Path | None = None) -> PrinterProfile:
    """One profile. Raises: ProfileError."""
    profiles = all_profiles(own_file)
    if name not in profiles:
        raise ProfileError(f"{name} is no printer profile; there are {', '.join(profiles)}")
    return profiles[name]


def recognized(
    profiles: Mapping[str, PrinterProfile], *, usb: str | None, model: str | None
) -> PrinterProfile | None:
    """The profile that a printer's `vvvv:pppp` or its model's name stands for; None if more than one would do."""
    named = {p.name: p for p in profiles.values() if model and _is_model(p, model.strip("\0 "))}
    found = named or {p.name: p for p in profiles.values() if usb and usb.lower() in p.usb}
    return next(iter(found.values())) if len(found) == 1 else None


def _is_model(profile: PrinterProfile, model: str) -> bool:
    return any(fnmatch.fnmatchcase(model.upper(), pattern.upper()) for pattern in profile.models)


def _read(path: Path, others: Mapping[str, PrinterProfile]) -> dict[str, PrinterProfile]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise ProfileError(f"{path}: more than {FILE_BYTES_MAX} bytes")
        tables = tomllib.loads(data.decode())
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # a number too long is Python's own ValueError
        raise ProfileError(f"{path}: not TOML: {error}") from error
    read: dict[str, PrinterProfile] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ProfileError(f"{path}: {name} is no profile: a profile is a table, such as [{name}]")
        read[name] = _profile(path, name, table, {**others, **read})
    return read


def _profile(
    path: Path, name: str, table: dict[str, Any], known: Mapping[str, PrinterProfile]
) -> PrinterProfile:
    like = table.pop("like", None)
    if like is not None and (not isinstance(like, str) or like not in known):
        raise ProfileError(f"{path}: {name}: like: {like!r} is no profile that stands above it")
    start = dict(_inherited(known[like])) if like is not None else {}
    try:
        return msgspec.convert({"title": name, **start, **table, "name": name}, PrinterProfile)
    except msgspec.ValidationError as error:
        raise ProfileError(f"{path}: {name}: {_told(error)}") from error


def _inherited(profile: PrinterProfile) -> Iterator[tuple[str, Any]]:
    """All but what names one kind of printer."""
    values = msgspec.to_builtins(profile)
    return ((key, value) for key, value in values.items() if key not in ("name", "title", "usb", "models"))


def _told(error: msgspec.ValidationError) -> str:
    """The library's sentence with the key in front, as all our messages have it."""
    what, at, where = str(error).partition(" - at `$.")
    return f"{where.rstrip('`')}: {what}" if at else what
