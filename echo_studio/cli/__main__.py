"""`python -m echo_studio.cli`, which is what `torchrun -m` starts."""

import sys

from echo_studio.cli.run import main

if __name__ == "__main__":
    sys.exit(main())
