"""Sizes and volumes of a label map, and what in it is not plausible."""
