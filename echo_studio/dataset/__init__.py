"""Sets of synthetic samples: what they are made from, how they are made, curated and exported."""
