"""The center: verifies what devices signed, keeps the ledger, settles with shops, and hands out allowances."""
