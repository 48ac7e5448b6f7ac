"""The Data set tab: a constant HTML template and classic scripts inside one `gr.HTML`, as the Edit tab."""

import gradio as gr

from echo_studio.web.tabs.tab import tab

DATASET_SCRIPTS = (
    "../begin",
    "../video/packed",
    "words",
    "controls",
    "map_files",
    "set_form",
    "tasks",
    "samples",
    "selection",
    "tiles",
    "filters",
    "picture",
    "detail",
    "pair",
    "exporting",
    "opening",
    "keys",
    "dataset",
)


def dataset_tab() -> gr.HTML:
    """The Data set tab."""
    return tab("dataset", DATASET_SCRIPTS)
