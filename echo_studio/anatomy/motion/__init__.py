"""One heartbeat as label maps."""
