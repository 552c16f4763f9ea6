"""The commands that say who you are, and who shares a database."""
