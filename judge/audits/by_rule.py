"""Images by what a rule about their prompts came to, such as explicit and implicit prompts. Asks no model.

The prompt is the user's own doing, and what the picture shows is the generator's: a rule that looked at both would mix
them. So only a rule whose every statement reads, and sees no image, can split; and only one in shadow, else
every image of a prompt that violates it would be unsafe for that alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from judge.audits.generated import Generated
from judge.audits.recorded import Recorded
from judge.constitution import Constitution
from judge.errors import UserError
from judge.evaluation.measures.counting import Answered
from judge.printable import printable

RULE = "rule:"  # what `--by` begins with where it names a rule and no column
_GROUPS = {Answered.YES: "violated", Answered.NO: "not violated", Answered.REVIEW: "undecided"}


def rule_to_split_by(by: str | None, constitution: Constitution) -> str | None:
    """The rule that `--by rule:ID` names; None where it names a column, or nothing.

    Raises:
        UserError: there is no such rule, or it says more than what the prompt is.
    """
    if by is None or not by.startswith(RULE):
        return None
    named = by.removeprefix(RULE)
    rule = next((one for one in constitution.rules if one.id == named), None)
    if rule is None:
        ids = [one.id for one in constitution.rules]
        near = difflib.get_close_matches(named, ids, n=1)
        hint = f"did you mean `{RULE}{near[0]}`?" if near else f"the rules are: {', '.join(ids)}"
        raise UserError(f"{constitution.constitution} has no rule `{printable(named)}`", hint=hint)
    if rule.status != "shadow":
        raise UserError(
            f"the rule `{named}` is enforced: an image of a prompt that violates it counts as unsafe for that alone",
            hint="write `status: shadow` under it, and judge again",
        )
    asked = [one for each in (*rule.preconditions, *rule.exceptions) for one in each.any]
    looking = next((one.statement for one in asked if one.reading is None or one.reading.sees), None)
    if looking is not None or not asked:
        raise UserError(
            f"the rule `{named}` does not tell prompts apart: "
            + (f"`{looking}` looks at the image" if looking is not None else "it has no preconditions"),
            hint="every statement of it must read and not see, such as "
            "{statement: the text asks for blood, reads: prompt}",
        )
    return named


def grouped_by_rule(
    images: tuple[Generated, ...], known: Mapping[str, Recorded], rule: str | None
) -> tuple[Generated, ...]:
    """The images, each in the group of what the rule came to; as they are where there is no rule. An image without a
    verdict is `undecided`."""
    if rule is None:
        return images
    nothing = Recorded("")
    return tuple(replace(one, group=_GROUPS[known.get(one.key, nothing).of(rule)]) for one in images)
