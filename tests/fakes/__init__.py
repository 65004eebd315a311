"""Stand-ins with a physical face; each keeps the contract of the real part."""
