"""The ultrasound sector: found in an image, fitted, and the region that edits may fill."""
