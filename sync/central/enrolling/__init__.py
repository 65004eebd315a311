"""How a key becomes a shop's device: tickets, mandates for where there is no network, renewal."""
