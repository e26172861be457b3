"""Known names: spellings of divisions and places, found in a text by one trie."""
