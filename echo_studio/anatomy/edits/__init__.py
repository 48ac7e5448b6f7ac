"""Edits of a label map: defects, repairs, and the operations of the edit log."""
