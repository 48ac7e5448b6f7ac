"""Sets of the Data set tab."""
