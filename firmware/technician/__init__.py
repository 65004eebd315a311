"""What a technician does with a till that is not running: enroll it, say which device is what, examine it, print a slip."""
