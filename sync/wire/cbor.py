"""Deterministic CBOR, the only encoding that is signed or hashed here.

Source: RFC 8949, 4.2.1 (core deterministic encoding). Allowed are unsigned and negative integers of 64 bits, byte and
text strings, arrays, maps with integer keys of one byte, true, false and null. No floats, no tags.

A decoder that accepts two spellings of one value lets a signature cover either of them, so `decode` encodes what
it read once more and refuses any difference: duplicate or unsorted keys, long integers, trailing bytes.
"""

from __future__ import annotations

import io
from typing import Any

import cbor2

from sync.wire.errors import Malformed

_ALLOWED = (int, bytes, str, bool, type(None))
DEPTH_MAX = 12


def encode(value: Any) -> bytes:  # noqa: ANN401 -- a CBOR value is any of the allowed types
    """Deterministic bytes of `value`; a type that is not allowed is a programmer's error."""
    return cbor2.dumps(_ordered(value, 0))


def decode(data: bytes, *, where: str, bytes_max: int) -> Any:  # noqa: ANN401
    """The value in `data`.

    Raises:
        Malformed: longer than `bytes_max`, not CBOR, or not the deterministic spelling.
    """
    if len(data) > bytes_max:
        raise Malformed(where, f"{len(data)} bytes are more than the {bytes_max} allowed")
    stream = io.BytesIO(data)
    try:
        value = cbor2.CBORDecoder(stream).decode()
        again = encode(value)
    except AssertionError as error:
        raise Malformed(where, str(error)) from None
    except Exception as error:  # the decoder raises its own, ValueError, RecursionError, UnicodeError ...
        raise Malformed(where, f"not CBOR ({error})") from None
    if again != data:
        raise Malformed(where, "not the deterministic spelling")
    return value


def _ordered(value: Any, depth: int) -> Any:  # noqa: ANN401
    assert depth <= DEPTH_MAX, "nested too deeply"
    if isinstance(value, dict):
        assert all(type(key) is int and -24 <= key <= 23 for key in value), "map keys are -24..23"
        return {key: _ordered(value[key], depth + 1) for key in sorted(value, key=_key_byte)}
    if isinstance(value, (list, tuple)):
        return [_ordered(item, depth + 1) for item in value]
    assert isinstance(value, _ALLOWED), f"{type(value).__name__} is not allowed"
    assert not isinstance(value, int) or -(2**64) <= value < 2**64, "an integer has 64 bits"
    return value


def _key_byte(key: int) -> int:
    return key if key >= 0 else 0x20 - 1 - key
