"""A person's work on disk: canvas, history, edit log, settings, kept results and slots."""
