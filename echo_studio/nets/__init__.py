"""Modules. Know no sigma schedule and no file."""
