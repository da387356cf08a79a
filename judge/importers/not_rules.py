"""What stands in a policy and is no rule: versions, dates, scope, definitions, contacts. Leaves out nothing silently.

A sentence that forbids something stays a rule wherever it stands, but for the history of versions: a rule too many
ends in review, and one too few passes pictures.
"""

from __future__ import annotations

import re

from judge.importers.sentences import forbids, who_grants, without_number

_SECTIONS = {
    "it defines words": r"definitions?(?: .*)?|glossary|terms|terminology|abbreviations|key terms",
    "it tells the history of the policy": r"versions?|(?:version|revision|document|change) history"
    r"|change ?log|revisions?|document control",
    "it says what the policy is for": r"scope(?: .*)?|applicability|purpose(?: .*)?|introduction|overview|about(?: .*)?"
    r"|background|preamble|objectives?|aims?|rationale|how to use .*|who .*",
    "it says whom to ask": r"contacts?(?: us)?|references|links|further reading|related .*|see also|owner(?:ship)?"
    r"|authors?|approval|questions|help",
}
_EXCEPTIONS = re.compile(r"(?:\w+ ){0,2}(?:exceptions?|exemptions?)(?: .*)?")
_HISTORY = "it tells the history of the policy"
_QUOTE = "[\"'\u201c\u201d\u2018\u2019]"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*"
_DATE = rf"(?:\d{{4}}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{{2,4}}|(?:\d\d?\.? )?{_MONTH} (?:\d\d?,? )?\d{{4}}|\d{{4}})"
_SENTENCES = {
    "a version": r"(?:(?:policy )?version|revision|rev\.|edition|release)\b[\s:.#]*v?\d.*|v\d+(?:\.\d+)+\.?",
    "a date": rf"(?:effective|in force|valid|last|next|updated|revised|reviewed|published|issued|approved|adopted)\b"
    rf".*\b{_DATE}\.?|date\s*:.*|{_DATE}\.?",
    "it says who keeps the policy": r"(?:(?:document|policy) )?(?:owner|author|contact|approver|approved by|status"
    r"|classification|department|document id)\s*:.*",
    "a definition": rf"{_QUOTE}?[\w ,/()-]{{2,60}}?{_QUOTE}? (?:means?|refers? to|(?:is|are) defined as|denotes?"
    r"|stands? for)\b.*|(?:in|for the purposes? of) this (?:policy|document), .* (?:means?|refers? to)\b.*",
    "it says what the policy is about": r"(?:this|these|our|the) (?:\w+ )?(?:policy|policies|document|guidelines?|rules"
    r"|standards?|page|section|list)\b.{0,20}? (?:appl(?:y|ies) to|covers?|describes?|explains?|sets? out|governs?"
    r"|defines?|was|were|(?:is|are) (?:for|intended|meant|based|reviewed|updated|part))\b.*",
}


def section_of(heading: str) -> str:
    """Why what stands under a heading is no rule; empty where it may be."""
    name = without_number(heading).casefold().strip(" :.")
    return next((why for why, names in _SECTIONS.items() if re.fullmatch(names, name)), "")


def lists_exceptions(heading: str) -> bool:
    """Whether what stands under a heading lifts rules."""
    return _EXCEPTIONS.fullmatch(without_number(heading).casefold().strip(" :.")) is not None


def why_no_rule(sentence: str, section: str = "") -> str:
    """Why a sentence is no rule; empty where it may be one. `section`: as `section_of` its headings."""
    if section == _HISTORY:
        return f"under a heading that says so: {section}"
    if forbids(sentence):
        return ""
    if section:
        return f"under a heading that says so: {section}"
    if who_grants(sentence):
        return "it says who may grant exceptions"
    plain = sentence.casefold().strip()
    return next((why for why, form in _SENTENCES.items() if re.fullmatch(form, plain)), "")
