"""Makes a set and says so after each batch, until it is done or killed: `python -m tests.dataset.making SET CKPT`."""

import sys
from pathlib import Path

from echo_studio.dataset.build.set_folder import SetFolder
from echo_studio.dataset.build.synthesise import synthesise
from tests.dataset.hearts import small_order


def main() -> None:
    root, checkpoints = map(Path, sys.argv[1:])
    folder = SetFolder(root)
    with folder.begin(small_order(checkpoints)):
        synthesise(folder, 1, checkpoints, on_made=lambda samples: print("made", samples, flush=True))


if __name__ == "__main__":
    main()
