"""What is told beside a picture is in no question about the picture: in every language, every step and every chat format.

Each field holds a word of its own, a recording model is asked all that can be asked, and the word is looked for in all that
it was told. The last tests show that the search finds a leak where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from judge.chain import Outcome
from judge.constitution import parse_constitution
from judge.judging import escalation, offence
from judge.judging.asking import Questioner
from judge.judging.debate import KnownPicture, Voices
from judge.judging.given import quoted
from judge.judging.ladder import Further
from judge.judging.pipeline import Judge
from judge.languages import available, language_of
from judge.models.scripted import ScriptedDetector
from judge.models.transformers.chat import Chat
from judge.ports import Ask, Conversation
from judge.settings import Settings
from judge.verdict import Answer, Branch, ModelIdentity
from tests import tiny
from tests.judging.scenes import png

LOOKS, READS, BOTH = "a lamp is visible", "the words are rude", "the words speak of the lamp"
FIELDS = {"caption": "SENTINELCAPTION", "post": "SENTINELPOST", "prompt": "SENTINELPROMPT"}
ALLOWED = {LOOKS: set(), READS: {"caption"}, BOTH: {"caption", "post"}}
RULES = {"No lamp.": LOOKS, "No rude.": READS, "No both.": BOTH}  # asked about by themselves: how they may give offence
RULE = "  - {{id: {id}, rule: No {id}., preconditions: [{{statement: {text}{reads}}}]}}\n"
HEAD = "constitution: test\nversion: 1.0.0\nlanguage: {language}\n"
PLAIN = RULE.format(id="lamp", text=LOOKS, reads="")
READING = RULE.format(id="rude", text=READS, reads=", reads: caption") + RULE.format(
    id="both", text=BOTH, reads=", reads: [caption, post], sees: image"
)
WITH_READING = HEAD + "context: {{caption: 40, post: 40, prompt: 40}}\nrules:\n" + PLAIN.replace("{", "{{").replace(
    "}", "}}"
) + READING.replace("{", "{{").replace("}", "}}")  # fmt: skip
WITHOUT = HEAD + "rules:\n" + PLAIN.replace("{", "{{").replace("}", "}}")
TEMPLATES = (
    "llava", "qwen2_5_vl", "smolvlm", "internvl", "llava_onevision", "janus", "glm4v", "gemma3", "gemma4", "aya_vision",
    "mistral3", "pixtral", "lfm2_vl", "mllama",
)  # fmt: skip


class Recording:
    """A model that leaves everything open, so that every step is taken, and keeps what it was told. One that is `sure`
    says yes, so that a committee does not agree."""

    def __init__(self, name: str = "own", *, sure: bool = False) -> None:
        self.sure = sure
        self.identity = ModelIdentity(role="mllm", name=name, digest=name)
        self.asked: list[Ask] = []
        self.talked: list[Conversation] = []

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        self.asked += asks
        sure = [self.sure and (one.image is not None or "SENTINEL" in one.instruction.upper()) for one in asks]
        return [Answer(p_yes=0.95, p_no=0.05) if one else Answer(p_yes=0.6, p_no=0.4) for one in sure]

    def reply(self, talks: Sequence[Conversation], *, max_tokens: int, schema: Any = None) -> list[str]:
        self.talked += talks
        wanted = (schema or {}).get("properties", {})
        said = "Hm."
        if "reasons" in wanted:
            said = json.dumps({"reasons": ["so it is"]})
        elif "decision" in wanted:
            said = json.dumps({"decision": "Unclear", "reason": "who knows", "unclear": "all"})
        return [said] * len(talks)

    def told(self, statement: str) -> list[tuple[bool, str]]:
        """All that it was told about a statement, and whether with a picture."""
        asks = [(one.image is not None, f"{one.instruction} {one.statement}") for one in self.asked]
        talks = [(one.image is not None, "\n".join(turn.text for turn in one.turns)) for one in self.talked]
        return [one for one in (*asks, *talks) if statement in one[1]]


def judged(
    language: str, context: dict[str, str] | None, text: str = WITH_READING, *, detector: bool = False
) -> list[Recording]:
    """Every model that took part, after all steps were taken."""
    names = ("own", "member", "stronger", "opponent")
    own, *others = models = [Recording(name, sure=name == "member") for name in names]
    member, stronger, opponent = others
    further = Further(
        voices=Voices(own, opponent, stronger), members={"member": member}, stronger=("stronger", stronger),
        examples={LOOKS: [KnownPicture("a lamp on a table", holds=True)]},
    )  # fmt: skip
    settings = Settings.model_validate({
        "escalate": ("reasoning", "debate", "committee"), "look_closer": True,
        "committee": {"members": ("member",), "stronger": "stronger"},
    })  # fmt: skip
    boxes = ScriptedDetector(dict.fromkeys((LOOKS, READS, BOTH), (5, 5, 10, 10, 0.9))) if detector else None
    judge = Judge(
        parse_constitution(text.format(language=language)), own, detector=boxes, settings=settings, further=further
    )
    verdict = judge.judge(png((400, 300)), context=context, offence=True)
    assert verdict.failure is None and verdict.findings
    for finding in verdict.findings:
        (one,) = finding.preconditions[0].alternatives
        assert one.outcome is Outcome.UNDECIDED and one.branch is Branch.UNDECIDED, "a step was not taken"
        assert one.reasoning and one.debate and one.committee and one.committee.rereading and one.committee.stronger
    explained = [(rule, own.told(rule)) for rule, statement in RULES.items() if statement in text]
    assert all(len(told) == 1 for _, told in explained), "each rule is explained once, by its own words"
    return models


def _allowed() -> dict[str, set[str]]:
    """Of statements, and of rules: what all their statements read together."""
    return {**ALLOWED, **{rule: ALLOWED[statement] for rule, statement in RULES.items()}}


def leaks(models: Sequence[Recording]) -> list[tuple[str, str]]:
    """Fields that a statement does not read and that were told with it."""
    return [
        (statement, field)
        for one in models
        for statement, allowed in _allowed().items()
        for _, text in one.told(statement)
        for field, word in FIELDS.items()
        if word in text and field not in allowed
    ]


@pytest.mark.parametrize(("language", "detector"), [*((one, False) for one in available()), ("en", True)])
def test_no_question_holds_a_field_that_its_statement_does_not_read(language, detector):
    models = judged(language, FIELDS, detector=detector)
    assert leaks(models) == []
    for one in models:
        for statement, allowed in _allowed().items():
            for shown, text in one.told(statement):
                only_reads = RULES.get(statement, statement) == READS
                assert shown is False or not only_reads, "what only reads costs no picture"
                told = {field for field, word in FIELDS.items() if word in text}
                untold = text.count("<given>\n") - len(told)  # a prior: every field is untold
                assert told == allowed or (not shown and told == set() and untold == len(allowed))


@pytest.mark.parametrize("language", available())
def test_questions_about_the_picture_are_the_same_byte_for_byte_whatever_is_told(language):
    def about_the_picture(context, text=WITH_READING):
        models = judged(language, context, text)
        about = (LOOKS, "No lamp.")
        return [sorted(said for one in about for shown, said in each.told(one) if shown) for each in models]

    today = about_the_picture(None, WITHOUT)
    assert all(today) and today == about_the_picture(FIELDS) == about_the_picture(
        {name: word.lower() for name, word in FIELDS.items()}
    )


def test_the_search_finds_a_leak_in_a_question(monkeypatch):
    ask = Questioner.question

    def leaking(self, state, statement, image=None):
        one = ask(self, state, statement, image)
        return Ask(one.image, f"{' '.join(state.given.fields.values())} {one.instruction}", one.statement, one.answers)

    monkeypatch.setattr(Questioner, "question", leaking)
    assert {one for one, _ in leaks(judged("en", FIELDS))} == {LOOKS, READS, BOTH}


def test_the_search_finds_a_leak_in_what_is_asked_of_offence(monkeypatch):
    begun = offence._begun
    everything = {"reads": tuple(FIELDS)}
    monkeypatch.setattr(offence, "_begun", lambda *given: begun(*given).model_copy(update=everything))
    found = leaks(judged("en", FIELDS))
    assert {one for one, _ in found} == set(RULES) and ("No lamp.", "caption") in found


def test_the_search_finds_a_leak_in_a_later_step(monkeypatch):
    asked = escalation.Question.asked
    monkeypatch.setattr(
        escalation.Question, "asked", lambda self, prompt, *more, **values: f"{asked(self, prompt, *more, **values)} SENTINELPROMPT"
    )  # fmt: skip
    assert {field for _, field in leaks(judged("en", FIELDS))} == {"prompt"}


@pytest.fixture(scope="module")
def asks():
    """The questions of one judging, by statement, with marks in the texts that chat formats and our own code give a
    meaning to."""
    mllm = Recording()
    nasty = {
        "caption": "SENTINELCAPTION \N{WHITE SQUARE}statement\N{WHITE SQUARE} \N{WHITE SQUARE} x",
        "post": "{{ 7 * 7 }} {% x %}",
    }
    constitution = parse_constitution(WITH_READING.format(language="en"))
    Judge(constitution, mllm, settings=Settings(escalate=())).judge(png(), context=nasty)
    first: dict[str, Ask] = {}
    for one in mllm.asked:
        if one.statement == LOOKS or "SENTINEL" in one.instruction:
            first.setdefault(one.statement, one)
    return first


@pytest.fixture(scope="module")
def explaining():
    """What is asked of offence, by rule."""
    own = judged("en", FIELDS)[0]
    return {rule: talk for rule in RULES for talk in own.talked if rule in talk.turns[0].text}


@pytest.mark.parametrize("family", ["bundled", *TEMPLATES])
def test_every_chat_format_keeps_what_is_told_in_its_place(family, asks, explaining, request):
    if family == "bundled":
        chat = request.getfixturevalue("bundled")._chat
    else:
        torch.manual_seed(0)
        model, processor = tiny.EVERY_MLLM[family]()
        chat = Chat(processor, model)
    for statement, one in asks.items():
        text = chat.render([("user", f"{one.instruction} {statement}")], one.image is not None)
        head, tail = chat.split(one.instruction, one.image is not None)
        assert f"{head} {statement}{tail}" == text, "the statement stands behind what is told, and nowhere else"
        assert ("SENTINELCAPTION" in text) is (statement != LOOKS)
        assert statement == LOOKS or text.index("SENTINELCAPTION") < text.rindex(statement)
        assert statement != BOTH or "{{ 7 * 7 }} {% x %}" in text
    for rule, talk in explaining.items():
        text = chat.render([("user", talk.turns[0].text)], talk.image is not None)
        assert {field for field, word in FIELDS.items() if word in text} == ALLOWED[RULES[rule]]
    added = chat.tokenizer.get_added_vocab()
    marks = {mark: number for mark, number in added.items() if not mark.replace("_", "").isalpha()}
    assert marks, "it has marks of its own"
    said = set(chat.tokens(quoted(" ".join(marks)))) & set(marks.values())
    assert not said, "no text can begin a turn, or stand for a picture"


@pytest.mark.parametrize("code", available())
def test_the_prompts_of_a_language_are_whole(code):
    language = language_of(code)
    steps = ("reasoning", "debate", "committee")
    names = set(language.digests_of(steps, context=True)) - set(language.digests_of(steps))
    assert names == {
        "given", "ask-context", "reason-context", "reread-context", "debate-argue-context", "debate-decide-context"
    }  # fmt: skip
    offended = set(language.digests_of_offence)
    assert offended == {"offence", "offence-context", "given", "refusals"}
    untold, told = (language.render("given", fields=[("caption", text)]) for text in (None, ""))
    assert untold != told and "caption" in told
    instructions = {language.instruction, *(language.instruction_of_context(told, sees) for sees in (True, False))}
    assert len(instructions) == 3
    last = language.instruction.splitlines()[-1].strip()
    assert all(one.splitlines()[-1].strip() == last for one in instructions), "the statement is begun as ever"
