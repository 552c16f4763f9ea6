"""The warm process that makes commands instant: it has loaded everything, and is connected."""
