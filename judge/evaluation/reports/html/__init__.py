"""An evaluation as one HTML file that needs nothing else: no network, no other file."""

from judge.evaluation.reports.html.page import render

__all__ = ["render"]
