"""Jobs of every kind: one service, one worker loop, one fair order."""
