"""A task: its words and limits, how it is named, and what changes about it."""
