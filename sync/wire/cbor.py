"""Deterministic CBOR, the only encoding that is signed or hashed here.

Source: RFC 8949, 4.2.1 (core deterministic encoding). Allowed are integers of 64 bits, byte and text strings, arrays,
maps with integer keys -24..23 (one byte each) in ascending order of that byte, true, false and null. No floats, no tags.

A decoder that accepts two spellings of one value lets a signature cover either of them, so `decode` encodes what
it read once more and refuses any difference: duplicate or unsorted keys, long integers, trailing bytes.
"""

from __future__ import annotations

from typing import Any

import cbor2

from sync.wire.errors import Malformed

DEPTH_MAX = 12
_PLAIN = frozenset({int, bytes, str, bool, type(None)})


def encode(value: Any) -> bytes:  # noqa: ANN401 -- a CBOR value is any of the allowed types
    """Deterministic bytes of `value`, whose map keys already stand in order; else TypeError, a programmer's error."""
    _check(value, DEPTH_MAX)
    return cbor2.dumps(value)


def decode(data: bytes, *, where: str, bytes_max: int) -> Any:  # noqa: ANN401
    """The value in `data`.

    Raises:
        Malformed: longer than `bytes_max`, not CBOR, or not the deterministic spelling.
    """
    if len(data) > bytes_max:
        raise Malformed(where, f"{len(data)} bytes are more than the {bytes_max} allowed")
    try:
        value = cbor2.loads(data)
        again = encode(value)
    except TypeError as error:
        raise Malformed(where, str(error)) from None
    except Exception as error:  # noqa: BLE001 -- the decoder raises its own, ValueError, RecursionError, UnicodeError
        raise Malformed(where, f"not CBOR ({type(error).__name__})") from None
    if again != data:
        raise Malformed(where, "not the deterministic spelling")
    return value


def _check(value: Any, depth_left: int) -> None:  # noqa: ANN401
    kind = type(value)
    if kind in _PLAIN:
        if kind is int and not -(2**64) <= value < 2**64:
            raise TypeError("an integer has more than 64 bits")
    elif not depth_left:
        raise TypeError("nested too deeply")
    elif kind is list or kind is tuple:
        for item in value:
            _check(item, depth_left - 1)
    elif kind is dict:
        _check_order(value)
        for item in value.values():
            _check(item, depth_left - 1)
    else:
        raise TypeError(f"{kind.__name__} is not allowed")


def _check_order(keys: dict[Any, Any]) -> None:
    previous = -1
    for key in keys:
        if type(key) is not int or not -24 <= key <= 23:
            raise TypeError("a map key is not an integer from -24 to 23")
        order = key if key >= 0 else 31 - key
        if order <= previous:
            raise TypeError("map keys do not ascend")
        previous = order
