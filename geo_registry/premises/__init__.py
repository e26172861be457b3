"""实有单位: premises at an address, and how many of them were checked."""
