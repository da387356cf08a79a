"""Images with known truth: where they are read from."""
