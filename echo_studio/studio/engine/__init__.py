"""Loaded models, their device and the processes that make sets."""
