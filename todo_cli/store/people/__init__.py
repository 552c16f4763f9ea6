"""People and their login roles."""
