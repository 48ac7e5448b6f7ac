"""Label maps that a set is made from."""
