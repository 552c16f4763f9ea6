"""The way to any database: URL, TLS, connecting, patience, engine and session."""
