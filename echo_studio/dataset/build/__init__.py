"""Making a set: manifest, batches, executors."""
