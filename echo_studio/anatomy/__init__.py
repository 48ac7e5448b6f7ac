"""Label maps and what can be done to them. NumPy, SciPy and OpenCV alone: no torch and no files here."""
