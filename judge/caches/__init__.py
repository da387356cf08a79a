"""What is kept so that no model is asked the same twice: answers, verdicts, and for how long."""
