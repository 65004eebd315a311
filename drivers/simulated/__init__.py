"""Simulated devices: the far sides of the real ports, and their physical faces."""
