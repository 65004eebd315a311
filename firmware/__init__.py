"""The appliance: what happens at the till, from a key press to a signed entry and its paper."""
