"""Pure mathematics of diffusion in unscaled sigma-space. Knows no network and no file."""
