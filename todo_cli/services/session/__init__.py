"""The way in: profile, URL or private server, schema up to date, session."""
