"""The verbs: one function for each thing a person can do.

They are handed what they need (a session, an engine, the settings) and give frozen models.
"""
