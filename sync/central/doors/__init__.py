"""Who comes to the center from outside, and what they may ask: devices and technicians over HTTP, people by orders."""
