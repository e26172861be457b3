"""HTTP interface of the registry: routes parse, call one read or write, and answer."""
