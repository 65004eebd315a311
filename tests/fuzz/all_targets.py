"""Every decoder of outside bytes, by name."""

from __future__ import annotations

from tests.fuzz import center_targets, device_targets, enrollment_targets, wire_targets

ALL = (*wire_targets.TARGETS, *device_targets.TARGETS, *center_targets.TARGETS, *enrollment_targets.TARGETS)
BY_NAME = {target.name: target for target in ALL}
