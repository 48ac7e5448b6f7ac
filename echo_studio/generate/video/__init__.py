"""Generators of clips."""
