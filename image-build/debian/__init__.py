"""Debian's packages for another machine: fetched, unpacked, looked into; nothing of them is installed or run here.

The card (`image`) and the lab's guest (`lab`) are both made from them.

Must not know: what is made of the packages.
"""
