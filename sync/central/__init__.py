"""The center: verifies what devices sent, keeps the ledger, settles with shops."""
