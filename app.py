"""Starts Echo Studio in the browser: python app.py [--host HOST] [--port PORT]."""

import sys

from echo_studio.cli.run import main

if __name__ == "__main__":
    sys.exit(main(["app", *sys.argv[1:]]))
