"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

SplitsOption = Annotated[
    Path | None, typer.Option("--splits", help="Folder of subgroup_*.txt; DATA/database_split by default.")
]
