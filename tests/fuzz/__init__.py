"""Every decoder that meets outside bytes, given any: only our own errors leave, in bounded time and memory.

`target` says what a decoder promises, `*_targets` list them all, `test_targets` throws bytes at each within seconds, and
`python -m tests.fuzz` (`make fuzz`) lets a coverage-guided fuzzer look for more. What one found is kept in `found/`.
"""
