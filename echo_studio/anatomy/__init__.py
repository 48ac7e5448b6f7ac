"""Label maps and what can be done to them. NumPy only: no torch on this floor."""
