"""A demonstration town from a seed: invented places and people as files that the importer loads."""

from geo_registry.demo.files import write_files
from geo_registry.demo.town import generate

__all__ = ["generate", "write_files"]
