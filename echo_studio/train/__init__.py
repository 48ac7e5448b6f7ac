"""One explicit training loop, and a small module for each thing trained."""
