"""How label maps, frames and clips travel."""
