"""Tasks: every query and every change, one function and one statement each."""
