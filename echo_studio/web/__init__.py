"""The page and its routes: HTTP and Gradio, nothing else."""
