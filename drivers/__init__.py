"""The devices of the till, each behind a port: scanner, keypad, printer, beeper, key."""
