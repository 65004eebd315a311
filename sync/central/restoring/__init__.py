"""A center that was restored from an older backup takes back what it had signed."""
