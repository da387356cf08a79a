"""When to stop: sums of what is seen, what a calibration promises, and that nothing but statements is asked."""

from __future__ import annotations

import json
import random

import pytest
from PIL import Image
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.errors import UserError
from judge.integrations.stopping import Looker, Stopping, Watched, calibrated, evenly, gravest, read_watched
from judge.verdict import Answer
from tests.serving.batch.colours import ColourMllm, colour_judge

LOOKS = (1, 3, 5, 7)


def seen(*values):
    """Looks at one rule of one precondition without exceptions."""
    return [{"fire": (value, 1.0)} for value in values]


def test_a_drawing_is_stopped_as_soon_as_the_sum_is_reached():
    stopping = Stopping(looks=LOOKS, over=0.7, level=0.6)
    assert stopping.stopped(seen(0.9, 0.9)) is None, "two of four are less than 0.6"
    assert stopping.stopped(seen(0.9, 0.9, 0.8, 0.9)) == (2, "fire")
    assert stopping.stopped(seen(0.9, 0.7, 0.8, 0.7)) is None, "what is not over it is no detection"
    assert stopping.stopped([*seen(0.9, 0.1, 0.1, 0.9), *seen(1.0)]) is None, "looks after the last one do not count"


def test_a_rule_may_have_a_bound_of_its_own():
    stopping = Stopping(looks=(0,), over=0.7, own={"fire": 0.95})
    assert stopping.stopped(seen(0.9)) is None and stopping.stopped(seen(0.96)) == (0, "fire")
    assert stopping.stopped([{"water": (0.9, 1.0)}]) == (0, "water")


def test_rules_are_summed_up_each_for_itself():
    looks = [{"fire": (0.9, 1.0), "water": (0.1, 1.0)}, {"fire": (0.1, 1.0), "water": (0.9, 1.0)}]
    assert Stopping(looks=(0, 1), level=0.6).stopped(looks) is None


def test_how_likely_a_rule_is_violated_is_the_least_of_what_counts_and_an_exception_always_does():
    stopping = Stopping(telling={"fire": (1,)})
    assert stopping.likely("fire", (0.1, 0.8, 1.0)) == 0.8
    assert stopping.likely("fire", (0.1, 0.8, 0.3)) == 0.3, "an exception is likely"
    assert stopping.likely("water", (0.1, 0.8, 1.0)) == 0.1


def watched(rng, violates, strength, looks=6):
    """A drawing of which the second precondition tells, and the first holds always."""
    level = min(max(rng.gauss(strength, 0.2), 0.0), 1.0)
    values = [min(max(rng.gauss(level, 0.1), 0.0), 1.0) for _ in range(looks)]
    return Watched(
        violates=frozenset({"fire"} if violates else ()),
        steps=tuple(range(looks)),
        of_steps=10,
        looks=tuple({"fire": (rng.uniform(0.8, 1.0), one, 1.0)} for one in values),
    )


def runs(rng, count):
    return [watched(rng, bad, 0.7 if bad else 0.3) for bad in (True, False) for _ in range(count)]


def test_calibration_keeps_false_stops_under_its_bound_and_finds_the_telling_precondition():
    rng, shares = random.Random(5), []
    for _ in range(25):
        stopping = calibrated(runs(rng, 93), false_stops=0.05)
        assert stopping.telling["fire"] in ((1,), (0, 1))
        new = [watched(rng, False, 0.3) for _ in range(400)]
        shares.append(sum(stopping.stopped(one.looks) is not None for one in new) / len(new))
    assert sum(shares) / 25 <= 0.04 and sum(share > 0.05 for share in shares) <= 6, "of six settings it chooses one"
    assert max(shares) > 0, "it promises 5 %, not none"


def test_few_wrong_ones_are_shared_out_between_rules_where_they_save_most():
    """What looks like water is surer than what looks like fire; one wrong drawing may be of either."""
    rng = random.Random(3)

    def run(fire, water, *violates):
        looks = tuple({"fire": (fire, 1.0), "water": (water, 1.0)} for _ in range(2))
        return Watched(violates=frozenset(violates), steps=(1, 2), of_steps=10, looks=looks)

    fine = [run(rng.uniform(0.1, 0.3), rng.uniform(0.1, 0.7)) for _ in range(92)] + [run(0.95, 0.2)]
    bad = [run(0.8, 0.1, "fire") for _ in range(9)] + [run(0.1, 0.9, "water") for _ in range(9)]
    found = calibrated([*fine, *bad])
    assert found.own["fire"] < 0.3 < 0.5 < found.own["water"] < 0.7, "each has a bound of its own"
    assert all(found.stopped(one.looks) is not None for one in bad)
    assert sum(found.stopped(one.looks) is not None for one in fine) == 1


def test_calibration_tells_by_the_fewest_preconditions():
    rng = random.Random(1)
    some = [
        Watched(
            violates=frozenset({"fire"} if bad else ()),
            steps=(3,),
            of_steps=9,
            looks=({"fire": (0.9 if bad else 0.1, rng.random(), 1.0)},),
        )
        for bad in (True, False)
        for _ in range(60)
    ]
    assert calibrated(some).telling == {"fire": (0,)} and calibrated(some).looks == (3,)


def test_too_few_drawings_promise_nothing():
    with pytest.raises(UserError, match="58 drawings without violation are too few") as raised:
        calibrated(runs(random.Random(2), 58))
    assert "at least 59" in str(raised.value)
    calibrated(runs(random.Random(2), 59))
    alike = [Watched(steps=(0,), of_steps=9, looks=tuple(seen(1.0)))] * 60
    with pytest.raises(UserError, match="none can be stopped"):
        calibrated([*alike, alike[0].model_copy(update={"violates": frozenset({"fire"})})])
    with pytest.raises(
        UserError,
        match=r"drawing 121: it was looked at after other steps \(0 of 9\) than the first drawing \(0, 1, 2, 3, 4, 5 of 10\)",
    ):
        calibrated([*runs(random.Random(2), 60), Watched(steps=(0,), of_steps=9, looks=tuple(seen(1.0)))])


def test_it_is_kept_in_a_file_and_what_is_none_is_told(tmp_path):
    file = tmp_path / "stopping.json"
    file.write_text(
        Stopping(looks=LOOKS, over=0.8, own={"fire": 0.9}, level=0.7, telling={"fire": (1,)}).model_dump_json()
    )
    assert Stopping.read(file) == Stopping(looks=LOOKS, over=0.8, own={"fire": 0.9}, level=0.7, telling={"fire": (1,)})
    for wrong in ('{"looks": [3, 1]}', '{"level": 2}', "[]", "no json"):
        file.write_text(wrong)
        with pytest.raises(UserError, match="no file of when to stop"):
            Stopping.read(file)
    with pytest.raises(UserError):
        Stopping.read(tmp_path / "none.json")


def test_every_statement_is_asked_at_once_and_exceptions_count():
    model = ColourMllm()
    looker = Looker(colour_judge(model=model))
    red, teal, blue = (Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 255, 255), (0, 0, 255)))
    found = looker.look([red, teal, blue])
    assert len(model.asked) == 9 + 9, "three statements of each picture, and of a closer copy of each, as all violate"
    assert found[0]["no-red"][0] > 0.95 > 0.05 > found[1]["no-red"][0]
    assert min(found[1]["no-teal"]) > 0.95 > 0.05 > min(found[2]["no-teal"])
    stopping = Stopping()
    assert stopping.likely("no-blue", found[2]["no-blue"]) > 0.95
    assert stopping.likely("no-blue", found[1]["no-blue"]) < 0.05, "green lifts it"


def test_what_looks_violating_is_asked_about_once_more_a_little_closer_and_the_lesser_counts():
    model = ColourMllm()  # sees the colour of the corner
    framed = Image.new("RGB", (100, 100), (255, 0, 0))
    framed.paste((0, 0, 255), (3, 3, 97, 97))
    red, black = (Image.new("RGB", (100, 100), colour) for colour in ((255, 0, 0), (0, 0, 0)))
    found = Looker(colour_judge(model=model)).look([framed, red, black])
    assert found[1]["no-red"][0] > 0.95 > 0.05 > found[0]["no-red"][0], "the margin alone is red"
    assert found[0]["no-blue"][0] < 0.05, "only the closer copy is blue"
    assert len(model.asked) == 3 * 3 + 2 * 3, "what looks fine is asked about once"


def test_what_the_model_cannot_say_stops_nothing():
    class Mute(ColourMllm):
        def _one(self, ask):
            return Answer(p_yes=0.01, p_no=0.0001) if ask.image is not None else super()._one(ask)

    found = Looker(colour_judge(model=Mute())).look([Image.new("RGB", (8, 8), (255, 0, 0))])[0]
    assert all(Stopping().likely(rule, chances) == 0 for rule, chances in found.items())


def test_of_a_clip_the_frame_that_is_likeliest_violating_counts():
    assert gravest([{"fire": (0.9, 0.1, 1.0)}, {"fire": (0.6, 0.5, 1.0)}]) == {"fire": (0.6, 0.5, 1.0)}
    assert list(evenly(9, 4)) == [0, 3, 5, 8] and list(evenly(2, 4)) == [0, 1]


def test_the_command_writes_what_a_pipeline_reads_and_tells_wrong_lines(tmp_path):
    lines = [one.model_dump_json() for one in runs(random.Random(4), 60)]
    (tmp_path / "runs.jsonl").write_text("\n".join(lines) + "\n")
    arguments = ["calibrate-stopping", str(tmp_path / "runs.jsonl"), "-o", str(tmp_path / "stopping.json")]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0 and "of the 60 drawings here that violate" in done.output
    stopping = Stopping.read(tmp_path / "stopping.json")
    assert stopping == calibrated(read_watched(tmp_path / "runs.jsonl")) and stopping.looks == tuple(range(6))
    (tmp_path / "runs.jsonl").write_text(f"{lines[0]}\n{{}}\nno json\n")
    with pytest.raises(
        UserError, match=r"runs\.jsonl:2: `steps`: Field required\n.*:2: `of_steps`: (.*\n)*.*jsonl:3: "
    ):
        read_watched(tmp_path / "runs.jsonl")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"violates": ["fyre"]}, "`violates` names the rule 'fyre', which was not looked at; these were: fire"),
        ({"looks": [{"fire": [0.9, 1.7, 1.0]}] * 6}, "`looks.0.fire.1`: Input should be less than or equal to 1"),
        ({"looks": [{"fire": [0.9, -0.1, 1.0]}] * 6}, "greater than or equal to 0"),
        ({"looks": [{"fire": [0.9, 1.0]}] * 6}, "the rule 'fire' has 3 chances at one look, and 2 at another"),
        ({"looks": [{"fire": [0.9, 0.9, 1.0]}] * 5}, "`looks` has 5 looks, and `steps` 6 steps"),
        ({"steps": [0, 1, 2, 3, 4, 6]}, "it was looked at after other steps (0, 1, 2, 3, 4, 6 of 10)"),
        ({"steps": [0, 1, 2, 3, 5, 4]}, "`steps` must rise"),
        ({"of_steps": 5}, "`steps` must rise, from 0 on, to less than `of_steps`"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused_by_its_line(tmp_path, change, said):
    lines = [one.model_dump(mode="json") for one in runs(random.Random(1), 3)]
    lines[2] |= change
    (tmp_path / "runs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(UserError) as raised:
        read_watched(tmp_path / "runs.jsonl")
    assert "runs.jsonl:3: " in str(raised.value) and said in str(raised.value)
    assert "runs.jsonl:1:" not in str(raised.value)


def test_without_a_violation_nothing_tells_when_to_stop():
    with pytest.raises(UserError, match="none of the drawings violates a rule"):
        calibrated([watched(random.Random(1), False, 0.3) for _ in range(100)])
