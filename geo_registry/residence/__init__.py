"""Who lives where, whose hukou lies where, and the registration of it."""
