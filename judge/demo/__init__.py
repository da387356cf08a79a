"""A page of verdicts to look at: pictures, boxes and chains in one file. Knows `Verdict` and jinja only."""
