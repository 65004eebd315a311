"""A small seeded world without hardware: tills with real journals, one book of allowances, and bad luck."""
