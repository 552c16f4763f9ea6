"""Which tasks a list shows, and in what order."""
