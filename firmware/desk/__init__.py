"""The devices on the counter as the till sees them: who is who, what is keyed and scanned, paper, sounds and display."""
