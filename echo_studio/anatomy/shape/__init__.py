"""Deformations of label maps: handles, sliders, smoothing, random variation."""
