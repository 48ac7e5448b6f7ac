"""Points and lines of a heart: hinges, apex, endocardial line, segments."""
