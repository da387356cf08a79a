"""How well a way of judging does on images whose truth is known: methods, measures, report."""
