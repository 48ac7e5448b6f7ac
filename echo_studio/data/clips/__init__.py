"""Clips: interpolated cycles, and exports of a synthetic heartbeat."""
