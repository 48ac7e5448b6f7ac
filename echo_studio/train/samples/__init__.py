"""What tasks learn from: frames, latents, clips, a teacher's pairs."""
