"""The tabs: each a constant HTML template and one line that mounts its ES module inside a `gr.HTML`."""

import gradio as gr

from echo_studio.web.static_files import STATIC, static_path


def tab(name: str) -> gr.HTML:
    """The tab; its value is {token}. All but "canvas" talk to the server through that one's link.

    The template is constant and the value small, because a re-render would delete the canvas. Not a
    subclass of gr.HTML: for each subclass Gradio writes a .pyi file beside the source when it is imported.

    Args:
        name: of its template, of its folder of scripts and of the element.
    """
    module = f"{static_path()[1:]}/{name}/main.js"  # relative: a proxy may put a prefix before it
    mount = "(tab) => tab.mount({ element, props, watch })"
    return gr.HTML(
        value={},
        html_template=(STATIC / f"{name}.html").read_text(encoding="utf-8"),
        js_on_load=f'import(new URL("{module}", document.baseURI)).then({mount});',
        apply_default_css=False,
        elem_id=name,
    )
