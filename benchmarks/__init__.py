"""How fast the program is, beside psql and the bare interpreter: `python -m benchmarks`."""
