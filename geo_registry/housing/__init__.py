"""Buildings, their entrances and their housing units."""
