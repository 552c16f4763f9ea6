"""The schema: its tables, its migrations, and whether a database has it as it should be."""
