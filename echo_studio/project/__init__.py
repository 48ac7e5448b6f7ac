"""A person's drawing on disk: canvas, history, edit log, settings, kept results and slots."""
