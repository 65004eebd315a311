"""Stories of the center."""
