"""Reading of address texts: from characters to labelled parts."""
