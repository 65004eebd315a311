"""The lab: this very code in a Debian arm64 guest, against real kernel drivers and USB devices written in Python.

Rules: nothing of the product is changed for the lab; the guest has Debian's own Python packages; nothing here needs root.

Must not know: what the till sells. The stories are in `tests/hardware`.
"""
