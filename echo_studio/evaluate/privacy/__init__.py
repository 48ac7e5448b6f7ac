"""Copies of training images among generated frames."""
