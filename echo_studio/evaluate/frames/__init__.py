"""Measures of frames."""
