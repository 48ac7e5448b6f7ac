"""Run as a program: edits a project without end and prints each change once it is acknowledged."""

import sys
from pathlib import Path

from echo_studio.project.project import Project
from tests.project.drawings import drawing, frame


def main(folder: Path) -> None:
    project = Project(folder)
    position = project.position
    print("open", flush=True)
    for revision in range(project.revision + 1, 1_000_000):
        canvas = drawing(revision)
        if revision % 5 == 0:
            position = max(project.kept().start, position - 2)
            project.move(revision, position)
        else:
            position += 1
            project.edit(revision, position, {"tool": "vary", "seed": revision}, canvas)
        print(revision, position, project.canvas().label_map.digest, flush=True)
        if revision % 3 == 0:
            project.keep("latest", frame(revision), canvas.label_map, {"seed": revision}, {})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
