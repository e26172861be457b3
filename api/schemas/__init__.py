"""Bodies and replies, one module a noun."""
