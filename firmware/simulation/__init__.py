"""A shop on a desk: simulated devices, clock and network around the real `sofreh-till run` in a process of its own."""
