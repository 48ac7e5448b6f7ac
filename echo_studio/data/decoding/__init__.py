"""Real recordings from foreign files, decoded in a process of their own."""
