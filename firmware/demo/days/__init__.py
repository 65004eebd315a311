"""The timetable: what happens at the shop, day by day."""
