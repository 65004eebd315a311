"""What the appliance and the center have to say to each other, and the two who say it."""
