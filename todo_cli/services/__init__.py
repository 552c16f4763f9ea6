"""The verbs: one function for each thing a person can do. They take a session and give views."""
