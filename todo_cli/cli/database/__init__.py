"""The commands for the database as a whole."""
