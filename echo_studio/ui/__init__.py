"""The page: Gradio for the settings, a framework-free canvas for the label map. Never imports torch."""
