"""Starts Echo Studio in the browser: python app.py [--host HOST] [--port PORT]."""

import sys

from echo_studio.web.launch import main

if __name__ == "__main__":
    sys.exit(main())
