"""The command line: one verb per file, heavy imports inside the verbs."""
