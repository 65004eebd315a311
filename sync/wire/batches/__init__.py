"""A batch of entries, packed small and rebuilt to the bytes that were signed."""
