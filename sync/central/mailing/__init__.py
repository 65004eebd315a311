"""What a device must know, as mail."""
