"""The agent, as the commands that need it see it: started, looked at, stopped."""
