"""Logging in, and looking after the people who share a database."""
