"""The story of `make demo`: a village shops for days without network, and in the end the books agree."""
