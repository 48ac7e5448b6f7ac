"""The one way from a label map to frames."""
