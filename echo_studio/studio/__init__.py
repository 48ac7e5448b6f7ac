"""The application without HTTP or Gradio: models, jobs, sessions."""
