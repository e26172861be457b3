"""Search as one types: what was typed, where it leads, in which order."""
