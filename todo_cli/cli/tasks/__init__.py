"""The commands on tasks."""
