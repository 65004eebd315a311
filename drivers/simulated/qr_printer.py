"""The QR symbols that a printer draws by itself: GS ( k, functions 165 to 181.

| bytes after `1D 28 6B pL pH` | what they set |
| --- | --- |
| `31 41 n1 00` | model, 31h or 32h |
| `31 43 n` | dots a module, 1-16 |
| `31 45 n` | error level, 30h-33h: L, M, Q, H |
| `31 50 30 d...` | the data |
| `31 51 30` | prints it |

Source: Epson ESC/POS Application Programming Guide, GS ( k, functions 165, 167, 169, 180, 181.
Must not know: `drivers.printer.escpos`.
"""

from __future__ import annotations

from typing import Final

import segno
from PIL import Image

LEVELS: Final = {0x30: "L", 0x31: "M", 0x32: "Q", 0x33: "H"}
MODULE_DOTS_MAX = 16
DATA_BYTES_MAX = 7089


class QrPrinter:
    """Owner: `drivers.simulated.paper.Paper`."""

    def __init__(self) -> None:
        self._module_dots = 3
        self._level = "L"
        self._data = b""
        self.is_due = False
        """The print function was the last that came."""

    def take(self, data: bytes) -> bool:
        """Take one function with its parameters; whether it is one."""
        kind, function, *rest = (*data, -1) if len(data) > 1 else (-1, -1)
        values = rest[:-1]
        self.is_due = function == 0x51 and values == [0x30] and bool(self._data)
        if kind != 0x31:
            return False
        if function == 0x41:
            return values == [0x32, 0]
        if function == 0x43 and len(values) == 1 and 1 <= values[0] <= MODULE_DOTS_MAX:
            self._module_dots = values[0]
            return True
        if function == 0x45 and len(values) == 1 and values[0] in LEVELS:
            self._level = LEVELS[values[0]]
            return True
        if function == 0x50 and values[:1] == [0x30] and 1 < len(values) <= DATA_BYTES_MAX:
            self._data = bytes(values[1:])
            return True
        return self.is_due

    def draw(self) -> Image.Image:
        """The symbol without a quiet zone: mode "1", ink is 1."""
        code = segno.make_qr(self._data, error=self._level, boost_error=False)
        size = len(code.matrix)
        picture = Image.frombytes("L", (size, size), b"".join(bytes(row) for row in code.matrix))
        return picture.resize((size * self._module_dots,) * 2, Image.Resampling.NEAREST).point(_INK, "1")


_INK = [0] + [255] * 255
