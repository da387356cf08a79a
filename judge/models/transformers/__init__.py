"""Models of transformers, loaded here."""
