"""Receipts and slips: pure functions from small values to slip elements, in Persian."""
