"""Door plates: the signs on the wall."""
