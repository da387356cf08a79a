"""One threshold put into a draft's text, all else left as it stands. Knows no page and judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from judge.constitution import Constitution
from judge.constitution.load import parse_constitution
from judge.errors import ConstitutionError, UserError
from judge.review.workbench.draft import FILE

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def with_threshold(text: str, rules: Sequence[str], knob: str, value: float) -> str:
    """The text with a threshold of these rules set to a value.

    Raises:
        UserError: it does not load, has no such rule, or is written in a way that cannot be changed safely.
    """
    before = _loaded(text)
    missing = [one for one in rules if one not in {rule.id for rule in before.rules}]
    if missing or not rules:
        raise UserError(f"the draft has no rule {', '.join(missing) or 'to put it into'}", hint="open the one it is of")
    number = f"{value:g}" if "." in f"{value:g}" or "e" in f"{value:g}" else f"{value:.1f}"
    changed = text
    for rule in rules:
        changed = _put(changed, rule, knob, number)
    if _as_wanted(changed, before, rules, knob, value):
        return changed
    hint = f"write `thresholds: {{{knob}: {number}}}` in the rule"
    raise UserError(f"the draft's thresholds of {rules[0]} cannot be changed from here", hint=hint)


def _loaded(text: str) -> Constitution:
    try:
        return parse_constitution(text, file=FILE)
    except ConstitutionError as error:
        raise UserError("the draft does not load", hint="mend what Check lists first") from error


def _as_wanted(text: str, before: Constitution, rules: Sequence[str], knob: str, value: float) -> bool:
    """Whether the text says just that: every other field of every rule is as it was."""
    try:
        after = parse_constitution(text, file=FILE)
    except ConstitutionError:
        return False
    wanted = [
        rule.model_copy(update={"thresholds": rule.thresholds.model_copy(update={knob: value})})
        if rule.id in rules
        else rule
        for rule in before.rules
    ]
    return after == before.model_copy(update={"rules": type(before.rules)(wanted)})


def _put(text: str, rule: str, knob: str, number: str) -> str:
    """As `with_threshold` of one rule; what it makes of an odd text is for the caller to check."""
    text = text.removeprefix("\ufeff")
    node = _rule(text, rule)
    if node is None:
        return text
    own = _value(node, "thresholds")
    if own is None:
        return _with_key(text, node, "thresholds", f"{{{knob}: {number}}}", ("preconditions", "exceptions"))
    if not isinstance(own, yaml.MappingNode):
        return text
    known = _value(own, knob)
    if known is None:
        return _with_key(text, own, knob, number)
    return text[: known.start_mark.index] + number + text[known.end_mark.index :]


def _rule(text: str, rule: str) -> yaml.MappingNode | None:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    rules = _value(root, "rules")
    for one in rules.value if isinstance(rules, yaml.SequenceNode) else ():
        name = _value(one, "id")
        if isinstance(one, yaml.MappingNode) and name is not None and name.value == rule:
            return one
    return None


def _value(node: Any, key: str) -> Any:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _with_key(text: str, node: yaml.MappingNode, key: str, value: str, before: Sequence[str] = ()) -> str:
    """The text with a key more in a mapping: before the named keys where they stand, else as its second."""
    if not node.value:
        return f"{text[: node.start_mark.index]}{{{key}: {value}}}{text[node.end_mark.index :]}"
    if node.flow_style:
        end = node.value[-1][1].end_mark.index
        return f"{text[:end]}, {key}: {value}{text[end:]}"
    keys = [name for name, _ in node.value]
    later = next((name for name in keys[1:] if name.value in before), keys[1] if len(keys) > 1 else None)
    if later is None:  # the only key: the new one stands before it, which is on the line of a dash perhaps
        start = keys[0].start_mark
        return f"{text[: start.index]}{key}: {value}\n{' ' * start.column}{text[start.index :]}"
    start = later.start_mark
    at = start.index - start.column
    return f"{text[:at]}{' ' * start.column}{key}: {value}\n{text[at:]}"
