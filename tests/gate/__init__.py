"""Tests of the repository itself: what may import what, what may be named how."""
