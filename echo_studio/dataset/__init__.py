"""Projects on disk: canvas, history, edit log, settings, kept results and slots of one drawing, in one folder."""
