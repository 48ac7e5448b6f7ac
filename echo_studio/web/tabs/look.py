"""How the page looks: light or dark, as the system or the person wants; the images stay on dark grey in both."""

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).parent.parent / "static"
STYLE_SHEETS = sorted((STATIC / "css").glob("*.css"))

# Gradio's variables that its own shell shows; the colours are in static/theme.css.
SHELL = {
    "body_background_fill": "var(--ground)",
    "body_text_color": "var(--text)",
    "body_text_color_subdued": "var(--quiet)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--raised)",
    "block_background_fill": "var(--panel)",
    "block_label_text_color": "var(--quiet)",
    "block_title_text_color": "var(--text)",
    "border_color_primary": "var(--edge)",
    "border_color_accent": "var(--accent)",
    "color_accent_soft": "var(--chosen)",
    "button_secondary_background_fill": "var(--raised)",
    "button_secondary_background_fill_hover": "var(--hover)",
    "button_secondary_text_color": "var(--text)",
    "button_primary_background_fill": "var(--primary)",
    "button_primary_background_fill_hover": "var(--primary-hover)",
    "button_primary_text_color": "var(--on-primary)",
    "input_background_fill": "var(--raised)",
    "link_text_color": "var(--accent)",
}


def first_paint() -> str:
    """HTML for the head of the page: title, colours and the choice of theme, before anything is drawn."""
    colours, choice = ((STATIC / name).read_text(encoding="utf-8") for name in ("theme.css", "theme.js"))
    return f"<title>Echo Studio</title><style>{colours}</style><script>{choice}</script>"


def studio_theme() -> gr.themes.Base:
    """Gradio in the colours of the page; system fonts, since a font from the network would leave the machine."""
    theme = gr.themes.Base(
        primary_hue=gr.themes.colors.sky,
        neutral_hue=gr.themes.colors.zinc,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
        text_size=gr.themes.sizes.text_sm,
        font=["system-ui", "Segoe UI", "Roboto", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    dark = {f"{name}_dark": colour for name, colour in SHELL.items()}
    return theme.set(**SHELL, **dark)
