"""Pages and maps of the registry: Folium, HTMX and templates over ``geo_registry``."""
