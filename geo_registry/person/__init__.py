"""Persons: identity documents and what a list may show of them."""
