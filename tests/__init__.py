"""Tests of every part, in folders that mirror the source."""
