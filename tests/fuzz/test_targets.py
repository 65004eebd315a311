"""Bytes of every kind at every decoder: only our own errors leave, in bounded time and memory.

Mutated good inputs and plain chance for all; what breaks parsers (deep nesting, huge lengths, endless repetition) once for
each; and everything that ever broke one. `make fuzz` looks longer and sees which branches it has reached.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import center_targets
from tests.fuzz.all_targets import all_targets
from tests.fuzz.target import FOUND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.target import Target

CBOR_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n"
EXAMPLES, SLOW_EXAMPLES = 40, 6
SECONDS_MAX = 2.0
"""For one input, on a machine that has other things to do."""
MEMORY_BYTES_MAX = 64 << 20
each_target = pytest.mark.parametrize("target", all_targets(), ids=lambda target: target.name)

MANY = 10_000
"""Deeper and longer than any limit of ours, and short enough for a test."""
HOSTILE = {
    "nothing": b"",
    "deep arrays": b"\x81" * MANY,
    "deep endless arrays": b"\x9f" * MANY,
    "deep maps": b"\xa1\x00" * (MANY // 2),
    "deep tags": b"\xc1" * MANY,
    "an array of 2^64 - 1": b"\x9b" + b"\xff" * 8,
    "a map of 2^64 - 1": b"\xbb" + b"\xff" * 8,
    "a text of 2^64 - 1": b"\x7b" + b"\xff" * 8 + b"x" * 9,
    "octets of 2^31": b"\x5a\x80\x00\x00\x00",
    "a long integer": b"\x1b" + b"\xff" * 8,
    "brackets": b"a = " + b"[" * MANY,
    "braces": b"a = " + b"{b = " * (MANY // 5),
    "dotted keys": b".".join([b"a"] * (MANY // 2)) + b" = 1",
    "a number without end": b"a = " + b"9" * MANY,
    "objects": b'{"detail":' * (MANY // 10),
    "a quote without end": b'"' + b"x" * MANY,
    "digits": b"9" * MANY + b"\r",
    "zeros": bytes(MANY),
    "ones": b"\xff" * MANY,
    "lines": b"\n" * MANY,
    "headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (MANY // 6),
    "a chunk of 2^64": CBOR_ANSWER + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "a body of 2^70": CBOR_ANSWER + b"Content-Length: 1180591620717411303424\r\n\r\nx",
    "NUL in a row": b"a,b\0,c\n\0",
    "a carriage return alone": b'a,"b\rc",d\r"',
    "surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "base45 of nothing": b"R1:",
    "base45 beyond two octets": b"R1:" + b":::" * 200,
}


@pytest.fixture(scope="module", autouse=True)
def _center_is_let_go() -> Iterator[None]:
    yield
    center_targets.close()


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A good input with some bytes changed, left out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0 if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                del data[at : at + draw(st.integers(1, 9))]
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=9))
            case 3:
                data[at:at] = data[at : at + draw(st.integers(1, 64))]
            case _:
                del data[at:]
    return bytes(data)


def try_within_bounds(target: Target, data: bytes) -> None:
    begun_s = time.process_time()
    target.try_(data)
    assert time.process_time() - begun_s < SECONDS_MAX, f"{target.name} took too long"


@each_target
def test_mutated_and_chance_bytes_raise_nothing_but_our_own(target: Target) -> None:
    seeds = list(target.seeds()) or [b""]

    @settings(
        max_examples=SLOW_EXAMPLES if target.slow else EXAMPLES, database=None, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )  # fmt: skip
    @given(data=mutated(seeds) | st.binary(max_size=200))
    def story(data: bytes) -> None:
        try_within_bounds(target, data)

    story()


@each_target
def test_what_breaks_parsers_breaks_none_and_takes_little(target: Target) -> None:
    for data in HOSTILE.values():
        try_within_bounds(target, data)
    for seed in list(target.seeds())[:1]:
        for data in HOSTILE.values():
            try_within_bounds(target, seed + data[:999])


@each_target
def test_no_input_takes_much_memory(target: Target) -> None:
    target.try_(b"")  # what is made once is not the input's
    tracemalloc.start()
    try:
        for name in ("deep arrays", "an array of 2^64 - 1", "a text of 2^64 - 1", "braces", "ones"):
            target.try_(HOSTILE[name])
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < MEMORY_BYTES_MAX


@each_target
def test_what_once_broke_it_does_so_no_more(target: Target) -> None:
    for data in target.found():
        try_within_bounds(target, data)


@each_target
def test_good_inputs_are_read(target: Target) -> None:
    """A target whose good inputs are refused would only try the first check."""
    seeds = list(target.seeds())
    refused = 0
    for seed in seeds:
        try:
            target.decode(seed)
        except target.errors:
            refused += 1
    assert refused < len(seeds) or not seeds


def test_found_inputs_belong_to_a_target() -> None:
    names = {target.name for target in all_targets()}
    assert len(names) == len(all_targets())
    assert {folder.name for folder in FOUND.iterdir() if folder.is_dir()} <= names if FOUND.is_dir() else True
