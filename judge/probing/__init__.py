"""Finds out in about a minute whether a model can be judged with, without any data of the user's."""

from judge.probing.probing import probe
from judge.probing.report import Line, ProbeReport
from judge.probing.subject import Load, Method, Subject

__all__ = ["Line", "Load", "Method", "ProbeReport", "Subject", "probe"]
