"""What lies between a person and their tasks, looked at one after the other."""
