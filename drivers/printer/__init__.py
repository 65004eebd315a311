"""The receipt printer: from a slip to the bytes that draw it, and the port that takes them."""
