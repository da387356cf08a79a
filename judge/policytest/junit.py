"""A test run as JUnit XML, in the dialect that Jenkins, GitLab and the common GitHub actions read."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from judge.policytest.outcomes import Result, Status, TestRun

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no place for these


def junit(run: TestRun) -> str:
    """The run as one XML document: a suite per rule, a test case per expectation, todo as skipped."""
    root = ET.Element("testsuites", {"name": _text(run.constitution), **_counts(run.results)})
    for rule in run.rules:
        results = [one for one in run.results if one.rule == rule]
        suite = ET.SubElement(root, "testsuite", {"name": _text(rule), **_counts(results)})
        for one in results:
            _case(suite, run.constitution, one)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(suite: ET.Element, constitution: str, one: Result) -> None:
    about = f": {one.statement}" if one.statement else ""
    case = ET.SubElement(
        suite,
        "testcase",
        name=_text(f"{one.image}{about}"),
        classname=_text(f"{constitution}.{one.rule}"),
        time=f"{one.seconds:.3f}",
    )
    said = f"expected {one.expected}, got {one.got}"
    if one.status is Status.FAILED:
        _said(case, "failure", said, one)
    elif one.status is Status.BROKEN:
        _said(case, "error", said, one)
    elif one.status is Status.TODO:
        ET.SubElement(case, "skipped", message=_text(f"todo: {said}"))


def _said(case: ET.Element, tag: str, said: str, one: Result) -> None:
    element = ET.SubElement(case, tag, message=_text(f"{said}: {one.reason}"), type=str(one.status))
    element.text = _text(f"{one.place}\n{said}\n{one.reason}")


def _counts(results: tuple[Result, ...] | list[Result]) -> dict[str, str]:
    def count(status: Status) -> str:
        return str(sum(one.status is status for one in results))

    return {
        "tests": str(len(results)),
        "failures": count(Status.FAILED),
        "errors": count(Status.BROKEN),
        "skipped": count(Status.TODO),
        "time": f"{sum(one.seconds for one in results):.3f}",
    }


def _text(said: str) -> str:
    """Text that XML can hold: control characters and lone surrogates of odd file names are shown, not written."""
    return _UNPRINTABLE.sub(lambda match: f"\\x{ord(match.group()):02x}", said)
