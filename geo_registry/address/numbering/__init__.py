"""Numbers along a street: what is there, what comes next, what is kept."""
