"""Completion: the scripts for the shells, and what the data suggests."""
