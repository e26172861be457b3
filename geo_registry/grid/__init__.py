"""Grid blocks."""
