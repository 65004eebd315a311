"""What households are due, by which rules, and which part of it is reserved for which device."""
