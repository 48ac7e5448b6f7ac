"""Curation of a set: filter, keep, reject, tag."""
