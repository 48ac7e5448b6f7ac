"""Data sets of other people: CAMUS, EchoNet-Dynamic, folders of loops."""
