"""A till before it belongs to a shop: it asks on paper, its scanner reads the answer, and a wrong one is undone."""
