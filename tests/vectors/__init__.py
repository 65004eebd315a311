"""Bytes that must never change: made by `python -m tests.vectors.make` from fixed keys, and kept in the repository."""
