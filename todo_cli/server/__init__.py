"""The private PostgreSQL of this machine: a process and its folders. No SQL."""
