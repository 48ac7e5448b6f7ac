"""Solvers of the sampling ODE and SDE; each is a pure function."""
