"""The runner: nothing asked twice, nothing lost, nothing stale used."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from PIL import Image

from judge.constitution import load_constitution
from judge.errors import ModelError, UserError
from judge.evaluation.data.datasets import dataset_of
from judge.evaluation.evaluate import evaluate
from judge.evaluation.judgements import CachedJudgements
from judge.evaluation.methods.baselines import baselines
from judge.evaluation.methods.clue import the_judge
from judge.evaluation.protocols import Example, Judgement
from judge.judging.pipeline import Judge
from judge.models.scripted import ScriptedMllm
from judge.verdict import Answer, ModelIdentity
from tests.evaluation.test_methods import pictures
from tests.judging.scenes import constitution

UNSAFE = (True, True, False, False)


class Shade:
    """Takes dark pictures for unsafe. Counts what it is asked, and can break off."""

    names_rules = False
    about = "By shade."

    def __init__(self, name="clue", kind="method", identity="1", bound=128, breaks_after=None):
        self.name, self.kind, self.identity, self.bound = name, kind, identity, bound
        self.asked, self.breaks_after = [], breaks_after

    def judge(self, paths, contexts=None):
        for path in paths:
            if self.breaks_after == len(self.asked):
                raise KeyboardInterrupt
            self.asked.append(path)
            try:
                with Image.open(path) as image:
                    dark = image.getpixel((0, 0))[0] < self.bound
            except OSError as error:
                yield Judgement(verdict="needs_review", failure=str(error))
                continue
            yield Judgement(verdict="violation" if dark else "no_violation", score=0.9 if dark else 0.2, seconds=0.5)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "in").mkdir()
    return drawn(tmp_path)


def drawn(tmp_path, shades=(10, 60, 110, 160)):
    for number, shade in enumerate(shades):
        Image.new("RGB", (4, 4), (shade, number, 0)).save(tmp_path / "in" / f"{number}.png")
    paths = [str(tmp_path / "in" / f"{number}.png") for number in range(len(shades))]
    return dataset_of("shades", [Example(id=path[-5:], path=path, unsafe=UNSAFE[int(path[-5])]) for path in paths])


def run(data, tmp_path, *methods):
    return evaluate(data, methods[0], methods[1:], constitution=load_constitution("demo"), folder=tmp_path / "kept")


def counts(figures):
    found = figures.overall.counts
    return found.true_positive, found.false_positive, found.true_negative, found.false_negative


def test_methods_are_measured_and_compared(data, tmp_path):
    others = Shade("plain", "baseline", bound=70), Shade("less", "ablation", bound=20), Shade("rival", "peer", bound=0)
    found = run(data, tmp_path, Shade(), *others).evaluation
    assert counts(found.method) == (2, 1, 1, 0) and found.method.against_method is None
    assert counts(found.baselines["plain"]) == (2, 0, 2, 0)
    assert counts(found.ablations["less"]) == (1, 0, 2, 1)
    assert counts(found.peers["rival"]) == (0, 0, 2, 2)
    beside = found.baselines["plain"].against_method
    assert beside.against == "clue" and beside.f1_difference.value == pytest.approx(1.0 - 0.8)
    assert (beside.only_this_right, beside.only_other_right, beside.p_value) == (1, 0, 1.0)
    assert (found.dataset, found.examples, found.unsafe, found.constitution) == ("shades", 4, 2, "demo 1.0.0")
    assert "1 of 13 are in shadow" in found.settings["rules"] and "2000 draws" in found.settings["intervals"]
    assert found.method.cost.mean_seconds == 0.5
    assert [one.example for one in found.method.mistakes] == ["2.png"]


def test_what_is_known_is_not_asked_again(data, tmp_path):
    first = run(data, tmp_path, Shade())
    again = Shade()
    assert run(data, tmp_path, again).evaluation == first.evaluation and again.asked == []
    for changed in (Shade(identity="2"), Shade(name="other")):
        run(data, tmp_path, changed)
        assert len(changed.asked) == 4
    back = Shade()
    run(data, tmp_path, back)
    assert back.asked == []  # what was kept under the first identity is still there


def test_a_changed_picture_is_asked_again(data, tmp_path):
    run(data, tmp_path, Shade())
    method = Shade()
    found = run(drawn(tmp_path, (10, 200, 110, 160)), tmp_path, method)
    assert [path[-5:] for path in method.asked] == ["1.png"]
    assert counts(found.evaluation.method) == (1, 1, 1, 1)


def test_an_interrupted_run_goes_on_where_it_stopped(data, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path, Shade(breaks_after=2))
    file = tmp_path / "kept/clue.jsonl"
    with file.open("a") as torn:
        torn.write('{"image": "12ab", "meth')
    method = Shade()
    found = run(data, tmp_path, method)
    assert [path[-5:] for path in method.asked] == ["2.png", "3.png"]
    assert counts(found.evaluation.method) == (2, 1, 1, 0)
    assert [one.verdict for one in found.judgements["clue"]] == ["violation"] * 3 + ["no_violation"]
    lines = file.read_text().splitlines()
    assert [json.loads(line)["example"] for line in lines if line.endswith("}")] == [f"{one}.png" for one in range(4)]
    last = Shade()
    assert run(data, tmp_path, last).evaluation == found.evaluation and last.asked == []


def test_a_line_that_was_tampered_with_is_not_used(data, tmp_path):
    run(data, tmp_path, Shade())
    file = tmp_path / "kept/clue.jsonl"
    lines = file.read_text().splitlines()
    row = json.loads(lines[0])
    lines = [json.dumps(row | {"judgement": {"verdict": "fine"}}), "[1]", "7", *lines[1:]]
    file.write_text("\n".join(lines) + "\n")
    method = Shade()
    run(data, tmp_path, method)
    assert [path[-5:] for path in method.asked] == ["0.png"]


def test_an_unreadable_file_counts_and_is_tried_again(data, tmp_path):
    (tmp_path / "in/3.png").write_bytes(b"no picture")
    found = run(data, tmp_path, Shade()).evaluation.method
    assert found.overall.counts.review_negative == 1 and found.overall.review_rate.value == 0.25
    method = Shade()
    run(data, tmp_path, method)
    assert [path[-5:] for path in method.asked] == ["3.png"]
    (tmp_path / "in/3.png").unlink()  # gone after the data set was read: still counted
    assert run(data, tmp_path, Shade()).evaluation.method.overall.counts.review_negative == 1


FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"


class Eyes:
    """A guard and an encoder that can fail, and find a picture strange."""

    def __init__(self, guard=0.5, encoder=0.9):
        self.says = {"guard": guard, "encoder": encoder}

    def judge(self):
        mllm = ScriptedMllm({"fire is visible": [0.99]}, {"fire is visible": 0.5})
        guard = SimpleNamespace(
            model="it",
            reads="drawings",
            identity=identity("guard"),
            strangeness=lambda images: self.say("guard", images),
        )
        encoder = SimpleNamespace(
            identity=identity("encoder"),
            similarity=lambda images, texts: [[one] * len(texts) for one in self.say("encoder", images)],
        )
        return the_judge(Judge(constitution(FIRE), mllm, encoder=encoder, guard=guard))

    def say(self, role, images):
        if isinstance(self.says[role], ModelError):
            raise self.says[role]
        return [self.says[role]] * len(images)


def identity(role):
    return ModelIdentity(role=role, name="scripted", digest="0")


@pytest.mark.parametrize(
    ("eyes", "verdict", "kept"),
    [
        (Eyes(), "violation", True),
        (Eyes(guard=3.0), "needs_review", True),  # kept out on purpose: asking again changes nothing
        (Eyes(guard=ModelError("the guard fell over")), "needs_review", False),
        (
            Eyes(encoder=ModelError("no memory left")),
            "violation",
            False,
        ),  # judged without pruning, so not as it should be
    ],
)
def test_a_judgement_in_which_a_model_failed_is_not_used_again(tmp_path, eyes, verdict, kept):
    (path,) = pictures(tmp_path, 1)
    data = dataset_of("one", [Example(id="0.png", path=path, unsafe=True)])
    method = eyes.judge()
    assert run(data, tmp_path, method).judgements["clue"][0].verdict == verdict
    assert bool(CachedJudgements(tmp_path / "kept", method).read()) is kept


def test_an_answer_without_label_mass_is_an_answer_and_kept(tmp_path):
    (path,) = pictures(tmp_path, 1)
    data = dataset_of("one", [Example(id="0.png", path=path, unsafe=True)])

    class Vague(ScriptedMllm):
        def answer(self, asks):
            return [Answer(p_yes=0.2, p_no=0.1) for _ in asks]

    direct = baselines(Judge(constitution(FIRE), Vague()))[0]
    found = run(data, tmp_path, Shade(), direct)
    assert found.judgements[direct.name][0].verdict == "needs_review"
    assert len(CachedJudgements(tmp_path / "kept", direct).read()) == 1


def test_a_method_that_loses_an_image_is_caught(data, tmp_path):
    class Short(Shade):
        def judge(self, paths, contexts=None):
            yield from list(super().judge(paths, contexts))[:-1]

    with pytest.raises(ValueError, match="shorter"):
        run(data, tmp_path, Short())


def test_what_another_process_is_running_is_left_for_last_and_then_read(data, tmp_path):
    """The other process holds the first method, and is done with it while this one runs the second."""
    elsewhere = CachedJudgements(tmp_path / "kept", Shade())
    lock = elsewhere.lock()
    lock.acquire()

    class Meanwhile(Shade):
        def judge(self, paths, contexts=None):
            evaluate_elsewhere(data, elsewhere)
            lock.release()
            yield from super().judge(paths, contexts)

    main, second = Shade(), Meanwhile("plain", "baseline", bound=70)
    found = run(data, tmp_path, main, second)
    assert main.asked == [] and len(second.asked) == 4
    assert counts(found.evaluation.method) == (2, 1, 1, 0) and counts(found.evaluation.baselines["plain"]) == (
        2,
        0,
        2,
        0,
    )


def evaluate_elsewhere(data, kept):
    from judge.evaluation.data.datasets import image_digest

    for one, judgement in zip(data.examples, Shade().judge([one.path for one in data.examples]), strict=True):
        kept.add(image_digest(one.path), one.id, judgement)


def test_a_folder_that_cannot_be_written_to_is_told(data, tmp_path):
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(UserError, match="choose another --out"):
        run(data, tmp_path, Shade())
