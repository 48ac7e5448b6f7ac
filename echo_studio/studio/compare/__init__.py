"""Comparisons of samplers and generators."""
