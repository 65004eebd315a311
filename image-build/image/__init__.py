"""The card: from Debian's packages and this checkout to a bootable image of an SD card, always the same one.

Rules: packages by the lock only; nothing of them runs while building; neither root nor an emulator; two builds of one commit
and lock make one root file system.

Must not know: what the till sells, keys of shops, secrets of any kind.
"""
