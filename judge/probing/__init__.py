"""Finds out in about a minute whether a model can be judged with, without any data of the user's."""

from judge.probing.probing import probe
from judge.probing.report import Line, ProbeReport
from judge.probing.subject import AskingMethod, Load, ProbedModel

__all__ = ["AskingMethod", "Line", "Load", "ProbeReport", "ProbedModel", "probe"]
