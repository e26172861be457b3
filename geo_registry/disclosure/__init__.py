"""Disclosure: lists of persons that leave the registry, approved by others and marked for their recipient."""
