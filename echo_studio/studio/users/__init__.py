"""Users: passwords, logins, folders, audit log."""
