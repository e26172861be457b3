"""The street of the registration desk, with officers who check lists of separated persons."""

from tests.registration.conftest import desk

__all__ = ["desk"]
