"""What runs behind the page: loaded models and jobs."""
