"""Utility: networks that learn from generated frames, tested on real ones."""
