"""What a device without a role says: everything it types is overheard for a role code, and nothing else is done with it.

Rules:
- A line ends with Enter or Tab, or after a carriage return or line feed from a serial scanner. Only a whole line counts.
- Prefixes, suffixes and symbology identifiers around a role barcode do not matter: who has not been set up yet must be
  able to say who it is. Nor do Shift and Caps Lock matter for letters.
- What was typed is forgotten at once: it may be a PIN or a card. Only whether it was a role code leaves this module.
- After SYN_DROPPED the line is lost.

Source: `drivers.key_codes`.

Must not know: files, devices, the conversation.
"""

from __future__ import annotations

from typing import Final

from drivers import key_codes as keys
from firmware.roles import KEYPAD_CODE, ROLE_BARCODES, Role

LINE_CHARACTERS_MAX: Final = 200
_KEYPAD_LINE: Final = f"*{KEYPAD_CODE}"
_ENDS: Final = frozenset((keys.KEY_ENTER, keys.KEY_KPENTER, keys.KEY_TAB))
_SHIFTS: Final = frozenset((keys.KEY_LEFTSHIFT, keys.KEY_RIGHTSHIFT))


class Said(str):
    """One whole line of a stranger; it does not show its text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Said({len(self)} characters)"

    @property
    def role(self) -> Role | None:
        """The role that the line asks for."""
        if self.endswith(_KEYPAD_LINE):
            return Role.KEYPAD
        return next((role for role, text in ROLE_BARCODES.items() if text in self.upper()), None)


class KeyStranger:
    """Lines from key events. Pure."""

    def __init__(self) -> None:
        self._typed = ""
        self._held: set[int] = set()

    def feed(self, records: bytes) -> list[Said]:
        """Take whole event records in their order; return the lines that ended in them."""
        said: list[Said] = []
        for _, _, kind, code, value in keys.EVENT.iter_unpack(records):
            if kind == keys.EV_SYN and code == keys.SYN_DROPPED:
                self._typed = ""
                self._held.clear()
            elif kind == keys.EV_KEY and code in _SHIFTS:
                (self._held.discard if value == keys.RELEASED else self._held.add)(code)
            elif kind == keys.EV_KEY and value == keys.PRESSED:
                self._press(code, said)
        return said

    def _press(self, code: int, said: list[Said]) -> None:
        if code in _ENDS:
            if self._typed:
                said.append(Said(self._typed))
            self._typed = ""
        elif code == keys.KEY_BACKSPACE:
            self._typed = self._typed[:-1]
        else:
            plain, shifted = keys.MAIN.get(code, (keys.PAD.get(code, ""),) * 2)
            self._typed = (self._typed + (shifted if self._held else plain))[-LINE_CHARACTERS_MAX:]


class SerialStranger:
    """Lines from the bytes of a serial scanner. Pure."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, data: bytes) -> list[Said]:
        """Take bytes in their order; return the lines that ended in them."""
        *whole, rest = (self._rest + data.decode("latin-1")).replace("\r", "\n").split("\n")
        self._rest = rest[-LINE_CHARACTERS_MAX:]
        return [Said(line) for line in whole if line]
