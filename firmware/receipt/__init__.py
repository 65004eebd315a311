"""Receipts and slips: pure functions from small dataclasses to slip elements, in Persian."""
