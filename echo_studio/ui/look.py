"""How the page looks: a dark neutral theme, because frames are read against dark grey."""

from pathlib import Path

import gradio as gr

STYLE_SHEETS = sorted((Path(__file__).parent / "static" / "css").glob("*.css"))

# Before Gradio draws anything, so that no white page flashes up.
HEAD = '<meta name="color-scheme" content="dark"><style>html, body { background: #16181b; color-scheme: dark; }</style>'


def studio_theme() -> gr.themes.Base:
    """Dark whatever the system prefers; system fonts only, since a font from the network would leave the machine."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.sky,
        neutral_hue=gr.themes.colors.zinc,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_sm,
        font=["system-ui", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    for name, value in vars(theme).copy().items():
        if name.endswith("_dark") and value is not None:
            setattr(theme, name.removesuffix("_dark"), value)
    return theme
