"""What crosses when a key becomes a shop's device, with a network or without."""
