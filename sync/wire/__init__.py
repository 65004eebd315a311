"""What crosses between appliance and center: bytes, signatures, rules. No IO, no clock, no storage."""
