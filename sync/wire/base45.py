"""Base45 (RFC 9285): bytes in the QR code's alphanumeric characters, which a keyboard scanner can type."""

from __future__ import annotations

from sync.wire.errors import Malformed

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {character: index for index, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """Two bytes become three characters, a last single byte two."""
    parts = [
        _digits(int.from_bytes(data[at : at + 2]), 3 if at + 1 < len(data) else 2)
        for at in range(0, len(data), 2)
    ]
    return "".join(parts)


def decode(text: str, *, where: str) -> bytes:
    """The bytes in `text`. Raises: Malformed, for a character outside the alphabet or an impossible group."""
    if len(text) % 3 == 1:
        raise Malformed(where, "a base45 character is missing or left over")
    out = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        size = len(group) - 1
        number = 0
        for character in reversed(group):
            if character not in _VALUE:
                raise Malformed(where, f"{character!r} is not a base45 character")
            number = number * 45 + _VALUE[character]
        if number >= 256**size:
            raise Malformed(where, f"{group!r} is not a base45 group")
        out += number.to_bytes(size)
    return bytes(out)


def _digits(number: int, count: int) -> str:
    characters = []
    for _ in range(count):
        number, digit = divmod(number, 45)
        characters.append(ALPHABET[digit])
    return "".join(characters)
