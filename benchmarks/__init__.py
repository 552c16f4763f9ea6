"""How fast the program is, beside psql and its peers, in one run: `python -m benchmarks`."""
