"""`todo`: a command-line task manager on PostgreSQL."""

__version__ = "0.2.0"
