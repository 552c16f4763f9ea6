"""Days, instants and time zones, as people write and read them."""
