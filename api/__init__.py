"""HTTP interface of the registry: thin routes over ``geo_registry``."""
