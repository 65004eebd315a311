"""The device's memory: signed entries, stored mail, and projections of both. The only SQL of the appliance."""
