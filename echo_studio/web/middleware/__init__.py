"""What every request passes: limits, login, audit log."""
