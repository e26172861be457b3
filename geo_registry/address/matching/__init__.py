"""Matching of address texts to objects of the registry, and of address texts to one another."""

from geo_registry.address.matching.find import match, match_many, match_readings
from geo_registry.address.matching.match import Candidate, Grade, Match, Successor

__all__ = ["Candidate", "Grade", "Match", "Successor", "match", "match_many", "match_readings"]
