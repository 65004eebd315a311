"""What the center tells of itself: the committee's report, an audit of the whole store, what a file proves."""
