"""The last resort for a dead device: what its printed receipts prove, and what they show to be missing."""
