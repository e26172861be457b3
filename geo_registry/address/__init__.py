"""Addresses: schemes, names, numbers, and the standard text composed from them."""
