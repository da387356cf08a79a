"""The server: images come over HTTP, verdicts go back. Knows no command line."""
