"""Registry of standard addresses, door plates, dwellings and the people registered in them."""
