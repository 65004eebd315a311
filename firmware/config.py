"""The appliance's configuration: one TOML file, every key read once, with bounds.

Rules: `KEYS` is the whole truth, also for the README; a key that stands in no table is an error that names it, for a
misspelt key would silently keep its default. Relative paths begin at the file's own folder. Errors are in English, for
technicians.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from firmware.errors import ConfigError

CONFIG_CHARACTERS_MAX = 16 << 10
BAUDS = (2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200)
_BAUD_WORDS = ", ".join(map(str, BAUDS))
Read = Callable[[Any, Path], Any]


class Config(Struct, frozen=True):
    """What the file says; see `KEYS`. A name's first word is the file's table."""

    data_folder: Path
    log_level: str
    scanner_path: Path | None
    scanner_prefix: str
    scanner_suffix: str
    scanner_separator: str
    scanner_upc_e: bool
    scanner_gap_ms: int
    scanner_baud: int
    keypad_path: Path | None
    printer_path: Path | None
    printer_profile: str | None
    printer_profile_file: Path | None
    printer_baud: int | None
    printer_flow: str | None
    beeper_device: tuple[str, ...]
    display_path: Path | None
    display_protocol: str
    display_baud: int
    screen_path: Path | None
    center_url: str | None
    center_interval_ms: int
    center_retry_ms: int
    center_timeout_ms: int
    stick_folder: Path | None
    clock_chip: bool
    clock_file: Path | None
    idle_checkpoint_ms: int


class Key(Struct, frozen=True):
    """One key: how it is written in the file, what it may be, and its value when it is not there."""

    name: str
    read: Read
    allowed: str
    meaning: str
    default: object = ...

    @property
    def field(self) -> str:
        """Its name in `Config`."""
        return self.name.replace(".", "_")


def _path(value: Any, folder: Path) -> Path:
    if type(value) is not str or not value or "\0" in value:
        raise ConfigError("is not a path")
    return folder / value


def _text(value: Any, _: Path) -> str:
    if type(value) is not str or not 0 < len(value) <= 200:
        raise ConfigError("is not a text of 1 to 200 characters")
    return value


def _signs(most: int) -> Read:
    def read(value: Any, _: Path) -> str:
        if type(value) is not str or len(value) > most or not value.isascii() or not value.isprintable():
            raise ConfigError(f"is not a text of at most {most} printable ASCII characters")
        return value

    return read


def _flag(value: Any, _: Path) -> bool:
    if type(value) is not bool:
        raise ConfigError("is not true or false")
    return value


def _one_of(*words: str) -> Read:
    def read(value: Any, _: Path) -> str:
        if value not in words:
            raise ConfigError(f"is not one of {', '.join(words)}")
        return str(value)

    return read


def _players(value: Any, folder: Path) -> tuple[str, ...]:
    """Names of what sounds; what is none of the known words is a path."""
    if type(value) is not list or not 0 < len(value) <= 8:
        raise ConfigError("is not a list of 1 to 8 texts")
    names = [_text(name, folder) for name in value]
    known = [name == "printer" or name.partition(":")[0] == "aplay" for name in names]
    return tuple(name if word else str(folder / name) for name, word in zip(names, known, strict=True))


def _number_of(*numbers: int) -> Read:
    def read(value: Any, _: Path) -> int:
        if type(value) is not int or value not in numbers:
            raise ConfigError(f"is not one of {', '.join(map(str, numbers))}")
        return value

    return read


def _ms(least: int, most: int) -> Read:
    def read(value: Any, _: Path) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ConfigError(f"is not a whole number from {least} to {most}")
        return value

    return read


KEYS = (
    Key("data_folder", _path, "a folder", "the device's key, identity and journal, which device is what, and which printer there is"),
    Key("log_level", _one_of("debug", "info", "warning", "error"), "debug, info, warning, error", "what is logged", "info"),
    Key("scanner.path", _path, "a path", "the barcode scanner, an event device or a serial port; absent: whoever has the role", None),
    Key("scanner.prefix", _signs(16), "a text", "what the scanner sends before each code", ""),
    Key("scanner.suffix", _signs(16), "a text", "what it sends after each code, before Enter", ""),
    Key("scanner.separator", _signs(1), "one character", "what it sends in place of GS (FNC1), if not GS", ""),
    Key("scanner.upc_e", _flag, "true, false", "whether eight digits that begin with 0 are a UPC-E, not an EAN-8", default=False),
    Key("scanner.gap_ms", _ms(20, 2_000), "20 to 2000", "longest time between two characters of one code", 300),
    Key("scanner.baud", _number_of(*BAUDS), _BAUD_WORDS, "its speed, if it is a serial port and no USB modem", 9_600),
    Key("keypad.path", _path, "a path", "the numeric keypad, an event device; absent: whoever has the role", None),
    Key("printer.path", _path, "a path", "the receipt printer, a serial port or /dev/usb/lp*; absent: whoever has the role, else it is searched for", None),
    Key("printer.profile", _text, "a profile's name", "what kind of printer it is: 58mm, 80mm, a model of drivers/printer/profiles.toml or of the own file; absent: as found, else by its USB names, else 58mm", None),
    Key("printer.profile_file", _path, "a path", "profiles of the shop's own printers, in the form of drivers/printer/profiles.toml", None),
    Key("printer.baud", _number_of(*BAUDS), _BAUD_WORDS, "its speed, if it is not as found or as the profile says", None),
    Key("printer.flow", _one_of("none", "rts_cts", "dtr_dsr", "xon_xoff"), "none, rts_cts, dtr_dsr, xon_xoff", "how a serial printer says that it can take no more, if it is not as found or as the profile says", None),
    Key("beeper.device", _players, "a list of texts", "what sounds, tried in this order: `printer` (its buzzer; tried last if not named), a kernel sound device's path, `aplay` or `aplay:CARD` (a sound card)", ("printer",)),
    Key("display.path", _path, "a path", "the two-line display's serial port, if there is one", None),
    Key("display.protocol", _one_of("cd5220", "escpos"), "cd5220, escpos", "how the display is spoken to", "cd5220"),
    Key("display.baud", _number_of(*BAUDS), _BAUD_WORDS, "its speed", 9_600),
    Key("screen.path", _path, "a path", "a screen's framebuffer, if there is one, such as /dev/fb0", None),
    Key("center.url", _text, "https://...", "where the center moved to; the address of the enrollment, if absent", None),
    Key("center.interval_ms", _ms(100, 86_400_000), "100 to 86400000", "between two exchanges", 60_000),
    Key("center.retry_ms", _ms(50, 600_000), "50 to 600000", "before the first attempt after a failure; doubles", 5_000),
    Key("center.timeout_ms", _ms(100, 600_000), "100 to 600000", "longest wait for the center's answer", 30_000),
    Key("stick.folder", _path, "a folder", "where a stick is mounted while it is in; absent: sticks are not looked at", None),
    Key("clock.chip", _flag, "true, false", "whether the board has a clock chip that runs without power", default=False),
    Key("clock.file", _path, "a path", "a simulated clock instead of the machine's own", None),
    Key("idle.checkpoint_ms", _ms(100, 3_600_000), "100 to 3600000", "quiet before the journal is tidied up", 10_000),
)  # fmt: skip


def load(path: Path) -> Config:
    """The configuration in the file `path`. Raises: ConfigError, naming file and key."""
    try:
        with path.open("rb") as file:
            text = file.read(4 * CONFIG_CHARACTERS_MAX).decode()
        return config_from(text, folder=path.absolute().parent)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def config_from(text: str, *, folder: Path) -> Config:
    """The configuration in `text`, with relative paths from `folder` on. Raises: ConfigError, naming the key."""
    if len(text) > CONFIG_CHARACTERS_MAX:
        raise ConfigError(f"more than {CONFIG_CHARACTERS_MAX} characters")
    try:
        given = _flat(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}") from None
    except RecursionError:
        raise ConfigError("not TOML that anybody would write: nested too deep") from None
    except ValueError:  # Python's, of a number with thousands of digits
        raise ConfigError("not TOML that anybody would write: a number too long") from None
    unknown = sorted(given.keys() - {key.name for key in KEYS})
    if unknown:
        raise ConfigError(f"{unknown[0]} is no key of this file")
    return Config(**{key.field: _value(key, given, folder) for key in KEYS})


def _flat(tables: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            flat[name] = value
    return flat


def _value(key: Key, given: dict[str, Any], folder: Path) -> Any:
    if key.name not in given:
        if key.default is ...:
            raise ConfigError(f"{key.name} is missing")
        return key.default
    try:
        return key.read(given[key.name], folder)
    except ConfigError as error:
        raise ConfigError(f"{key.name} {error}") from None
