"""The double-entry ledger, and what shops are paid."""
