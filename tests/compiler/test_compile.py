"""Compiling with a scripted LLM (what is made of what it says) and with real tiny ones (that it all runs)."""

from __future__ import annotations

import json

import pytest

from judge import prompts
from judge.compiler.asking import THINKING_TOKENS, Nonsense, ask
from judge.compiler.compile import CompileError, compile_constitution
from judge.compiler.decompose import MOST_ALTERNATIVES, MOST_EXCEPTIONS, MOST_PRECONDITIONS
from judge.compiler.objectify import Rating, Rewrite, objectify
from judge.constitution import parse_constitution
from judge.errors import ModelError
from judge.languages import available
from judge.locks.approval import approved, standing
from judge.models.scripted import ScriptedMllm
from judge.ports import Reply
from tests.judging.scenes import constitution

RULE = "No person may be shown with the legs spread wider than {most} degrees."
POSE = 'id: pose, rule: "No legs wider than {most} degrees may be shown.", parameters: {most: 90}'
VAGUE = POSE.replace(
    "No legs wider than {most} degrees may be shown.", "Nothing suggestive, and no pose wider than {most} degrees."
)
FIRE = "id: fire, rule: No animal may be shown on fire., preconditions: [a fire is visible]"


def rated(score: int, why: str = "because") -> str:
    return json.dumps({"explanation": why, "score": score})


def rewritten(text: str) -> str:
    return json.dumps({"rule": text})


def split(*groups: list[str], unless: tuple[str, ...] = ()) -> str:
    return json.dumps({"preconditions": groups, "exceptions": unless})


def objects(*words: str) -> str:
    return json.dumps({"objects": words})


def compared(same: bool, why: str = "nothing") -> str:
    return json.dumps({"difference": why, "same": same})


SPLIT = split(["legs wider than {most} degrees are visible"])
CHAIN = (SPLIT, objects("Legs", "legs"), compared(True))


def said(llm: ScriptedMllm) -> list[str]:
    return [talk.turns[-1].text for talk in llm.talked]


def test_an_objective_rule_is_not_rewritten():
    llm = ScriptedMllm(replies=[rated(9)])
    found = objectify(RULE, llm)
    assert (found.best.text, found.best.score, found.warnings) == (RULE, 9, ())


def test_each_round_sees_the_earlier_attempts_and_a_lost_parameter_is_rejected_and_told():
    good = "No legs may be spread wider than {most} degrees."
    llm = ScriptedMllm(
        replies=[rated(6, "what is wide?"), rewritten("No wide legs."), rewritten(good), rated(9, "an angle")]
    )
    found = objectify(RULE, llm)
    assert (found.best.text, found.best.score, found.best.why) == (good, 9, "an angle")
    first, second = said(llm)[1], said(llm)[2]
    assert "score 6: what is wide?" in first and "{most}" in first
    assert "<attempt>No wide legs.</attempt>\nrejected: it lost {most}" in second


def test_rounds_are_bounded_and_the_best_is_kept_with_a_warning():
    llm = ScriptedMllm(replies=[
        rated(5, "vague"), rewritten("Better {most}."), rated(7, "better"), rewritten("Worse, {most}."), rated(4),
        rewritten("Better {most}."),
    ])  # fmt: skip
    found = objectify(RULE, llm, rounds=3)
    assert found.best.text == "Better {most}."
    assert found.warnings == ("objectiveness 7 of 10 after 3 rewrites: better",)


def test_nonsense_is_asked_again_once_with_the_complaint():
    llm = ScriptedMllm(replies=["it is fine", rated(8)])
    assert ask(llm, "rate", Rating, max_tokens=9).score == 8
    assert "it is no complete JSON" in said(llm)[1]
    with pytest.raises(Nonsense, match="score"):
        ask(ScriptedMllm(replies=[rated(11), rated(0)]), "rate", Rating, max_tokens=9)


def test_a_rewrite_is_rated_in_a_conversation_of_its_own():
    llm = ScriptedMllm(replies=[rated(3, "what is wide?"), rewritten("No legs wider than {most} degrees."), rated(9)])
    objectify(RULE, llm)
    (rating,) = llm.talked[2].turns
    assert "No legs wider than {most} degrees." in rating.text
    assert RULE not in rating.text and "what is wide?" not in rating.text


@pytest.mark.parametrize("code", available())
def test_prompts_are_in_the_language_and_say_the_limits_that_are_held_against_the_answer(code):
    head = f"constitution: c\nversion: 1.0.0\nlanguage: {code}\nrules:\n  - {{{POSE}}}\n"
    llm = ScriptedMllm(replies=[rated(3), rewritten("No legs wider than {most} degrees."), rated(9), *CHAIN])
    lock = compile_constitution(parse_constitution(head), llm)
    rate, rewrite, _, decompose, objects_, _ = said(llm)
    assert str(Rating.model_json_schema()["properties"]["explanation"]["maxLength"]) in rate
    assert all(f"\n{level}" in rate for level in (10, 7, 4, 1))
    assert str(Rewrite.model_json_schema()["properties"]["rule"]["maxLength"]) in rewrite and "{most}" in rewrite
    assert all(str(most) in decompose for most in (MOST_PRECONDITIONS, MOST_ALTERNATIVES, MOST_EXCEPTIONS, 100))
    assert "English nouns" in objects_ and " 40 " in objects_
    told = {
        "en": "the rider of the bicycle wears no helmet",
        "de": "auf Deutsch",
        "es": "en español",
        "fr": "en français",
        "ar": "بالعربية",
        "sw": "ya Kiswahili",
        "zh": "中文",
    }
    assert all(told[code] in prompt for prompt in ((rate, rewrite, decompose) if code != "en" else (decompose,)))
    assert lock.prompts["rate"] == prompts.digest(f"{code}/rate")
    assert lock.prompts["central_objects"] == prompts.digest("central_objects")


def test_another_language_is_another_recipe():
    head = (
        "constitution: c\nversion: 1.0.0\nlanguage: {}\nrules:\n  - {{"
        + POSE.replace("{", "{{").replace("}", "}}")
        + "}}\n"
    )
    made = [
        compile_constitution(parse_constitution(head.format(code)), ScriptedMllm(replies=[rated(9), *CHAIN]))
        for code in ("en", "de")
    ]
    assert made[0].rules["pose"].made_with != made[1].rules["pose"].made_with


class Thinks(ScriptedMllm):
    """Its replies are cut off while the limit is under what it thinks."""

    def __init__(self, replies, *, thought: int, left: str = "") -> None:
        super().__init__(replies=replies)
        self._thought, self._left = thought, left
        self.limits: list[int] = []

    def reply(self, conversations, *, max_tokens, schema=None):
        self.limits.append(max_tokens)
        if max_tokens < self._thought:
            return [Reply(self._left, cut=True)]
        return super().reply(conversations, max_tokens=max_tokens, schema=schema)


@pytest.mark.parametrize("left", ["", "  <think>\nThe set {1, 2} of", "Let me see. The rule"])
def test_a_model_that_thinks_before_it_answers_gets_room_for_it(left):
    llm = Thinks([f"<think>I wonder {{about}} this.</think>\n{rated(8)}"], thought=1500, left=left)
    assert ask(llm, "rate", Rating, max_tokens=320).score == 8
    assert llm.limits == [320, THINKING_TOKENS]


def test_an_answer_that_does_not_end_is_given_no_more_room_and_said_to_be_cut_off():
    llm = Thinks([], thought=10**9, left='{"preconditions": [["a", "a", "a"')
    with pytest.raises(Nonsense, match="cut off before its end"):
        ask(llm, "rate", Rating, max_tokens=320)
    assert llm.limits == [320, 320]


def test_thoughts_without_end_are_bounded():
    llm = Thinks([], thought=10**9)
    with pytest.raises(Nonsense, match="cut off"):
        ask(llm, "rate", Rating, max_tokens=320)
    assert llm.limits == [320, THINKING_TOKENS] * 2


def test_a_rule_becomes_objective_text_chain_and_central_objects():
    text = "No legs wider than {most} degrees may be shown."
    llm = ScriptedMllm(replies=[rated(3), rewritten(text), rated(10, "an angle"), *CHAIN])
    entry = compile_constitution(constitution(VAGUE), llm).rules["pose"]
    assert (entry.made_by, entry.objective, entry.score, entry.explanation) == ("llm", text, 10, "an angle")
    assert [[one.statement for one in each.any] for each in entry.preconditions] == [
        ["legs wider than {most} degrees are visible"]
    ]
    assert entry.preconditions[0].any[0].central_objects == ("legs",)
    assert entry.approved_by is None


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (split(["legs are wide"]), "must stay as the rule has them: most"),
        (split(["{most} degrees of {more}"]), "must stay as the rule has them: more"),
        (split(*[["a {most}"]] * 7), "more than 6 preconditions"),
        (split(["wide by {most}"], unless=("wide by {most}",)), "is a precondition and an exception"),
        ('{"preconditions": [[]], "exceptions": []}', "preconditions.0"),
    ],
)
def test_a_bad_chain_is_complained_of_and_then_given_up(bad, complaint):
    mended = ScriptedMllm(replies=[rated(9), bad, *CHAIN])
    assert compile_constitution(constitution(POSE), mended).rules["pose"].made_by == "llm"
    assert complaint in said(mended)[2]
    with pytest.raises(CompileError, match="pose: the LLM gave no usable answer"):
        compile_constitution(constitution(POSE), ScriptedMllm(replies=[rated(9), bad, bad]))


def test_preconditions_written_by_hand_win_and_ask_nobody():
    lock = compile_constitution(constitution(FIRE), ScriptedMllm())
    entry = lock.rules["fire"]
    assert entry.made_by == "written"
    assert entry.preconditions[0].any[0].statement == "a fire is visible"
    assert lock.llm is None and lock.prompts == {}


def test_nonsense_is_told_for_every_rule_and_a_failing_model_stops_at_once():
    two = constitution(POSE, POSE.replace("pose,", "again,"))
    with pytest.raises(CompileError) as raised:
        compile_constitution(two, ScriptedMllm(replies=["a", "b", "c", "d"]))
    assert list(raised.value.failures) == ["pose", "again"]
    with pytest.raises(CompileError) as raised:
        compile_constitution(two, ScriptedMllm(replies=[ModelError("it timed out", retryable=True)]))
    assert "pose: it timed out" in str(raised.value) and "1 more rules were not tried" in str(raised.value)
    assert raised.value.retryable


def test_a_second_compile_asks_nothing_and_gives_the_same():
    llm = ScriptedMllm(replies=[rated(9), *CHAIN])
    first = compile_constitution(constitution(POSE), llm)
    assert compile_constitution(constitution(POSE), llm, first) == first  # the script is empty: asking would raise
    renewing = ScriptedMllm(replies=[rated(9), *CHAIN])
    assert compile_constitution(constitution(POSE), renewing, first, renew=True) == first


def test_approved_and_edited_rules_stay_until_the_rule_changes():
    source = constitution("id: gun, rule: No gun may be shown.")
    lock = compile_constitution(source, None)
    entry = lock.rules["gun"]
    approved = entry.model_copy(update={"approved_by": "Ada"})
    edited = entry.model_copy(update={"preconditions": entry.preconditions * 2})
    for kept in (approved, edited):
        before = lock.model_copy(update={"rules": {"gun": kept}})
        found = compile_constitution(source, ScriptedMllm(), before).rules["gun"]
        assert (found.content, found.approved_by, found.kept) == (kept.content, kept.approved_by, True)
        assert compile_constitution(source, None, before, renew=True).rules["gun"] == entry
        changed = compile_constitution(constitution("id: gun, rule: No rifle may be shown."), None, before)
        assert changed.rules["gun"].approved_by is None
        assert changed.rules["gun"].preconditions[0].any[0].statement == "a rifle is visible"


def test_what_the_grammar_cannot_read_has_no_chain_and_says_why():
    entry = compile_constitution(constitution("id: taste, rule: Nothing inappropriate."), None).rules["taste"]
    assert (entry.made_by, entry.preconditions) == ("nothing", ())
    assert "is a matter of opinion" in entry.warnings[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("needs a red flag", "by hand: `needs a red flag`"),
        ("the photographer has not asked the sitter for permission", "by hand: `permission` in `the photographer"),
        ("photographs taken before 1950 are visible", "by hand: `photographs`, `taken`, `before` and `1950` stand"),
    ],
)
def test_what_is_wrong_with_a_chain_written_by_hand_is_said_until_it_is_approved(line, told):
    text = f"constitution: a\nversion: 1.0.0\nrules:\n- {{id: a, rule: No flags., preconditions: [{line}]}}\n"
    constitution = parse_constitution(text)
    lock = compile_constitution(constitution, None)
    entry = lock.rules["a"]
    assert [one for one in entry.warnings if one.startswith(told)]
    assert standing(constitution, lock, "a.lock.yaml").warnings == {"a": entry.warnings}
    again = lock.model_copy(update={"rules": {"a": approved(entry, "Ada")}})
    assert compile_constitution(constitution, None, again).rules["a"].warnings == ()


def test_a_chain_by_hand_that_says_its_rule_has_no_warning():
    text = "constitution: a\nversion: 1.0.0\nrules:\n- {id: a, rule: No red flags., preconditions: [a red flag is visible]}\n"
    assert compile_constitution(parse_constitution(text), None).rules["a"].warnings == ()
