"""How the far side of a serial line says that it can take no more.

A value, known to profiles of printers, which touch no port, and to the port, which knows no printers.
"""

from __future__ import annotations

from enum import Enum


class Flow(Enum):
    """The names are those of the configuration and of printers' profiles."""

    NONE = "none"
    RTS_CTS = "rts_cts"
    DTR_DSR = "dtr_dsr"
    XON_XOFF = "xon_xoff"
