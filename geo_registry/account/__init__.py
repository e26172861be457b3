"""Accounts: signing in, the second factor, unified sign-in, and their administration."""
