"""合法稳定住所核实: whether a dwelling may be registered at, and what was noted about it."""
