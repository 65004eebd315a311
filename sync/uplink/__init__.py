"""The device's half of the exchange: the link, and the client that speaks over it."""
