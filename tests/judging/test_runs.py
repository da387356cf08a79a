"""A run over many images: one verdict for each, in order, whatever is wrong with one of them, a model or the time."""

from __future__ import annotations

import io
import time
import weakref

import pytest
from PIL import Image

from judge import Judge, media
from judge.caches.verdicts import CachedVerdicts
from judge.errors import ImageError, ModelError, UserError
from judge.judging import opening
from judge.models.scripted import ScriptedEncoder, ScriptedMllm
from judge.ports import Box
from judge.settings import Settings
from judge.verdict import Answer, ModelIdentity
from tests.judging.scenes import constitution, png

FIRE = "id: fire, rule: no fire, preconditions: [fire is visible]"
LONG = "id: long, rule: no long, preconditions: [aa, bb, cc, dd]"
BAD = (255, 0, 0)
GOOD, RED = png(), png(colour="red")


def is_red(image) -> bool:
    """Whether it is the bad picture, or was made of it."""
    return image is not None and image.getpixel((0, 0))[0] > 200 and image.getpixel((0, 0))[1] < 100


class Mllm:
    """Says 0.1 to every question, and what `on_red` does to those about the red picture. It counts its calls."""

    identity = ModelIdentity(role="mllm", name="painted", digest="0")

    def __init__(self, on_red=lambda: None, says=0.1, reply="thinking") -> None:
        self.on_red, self.says, self.said = on_red, says, reply
        self.calls: list[list[bool]] = []

    def answer(self, asks):
        self.calls.append([is_red(ask.image) for ask in asks])
        if any(self.calls[-1]):
            self.on_red()
        return [Answer(p_yes=0.5, p_no=0.5) if a.image is None else self._answer() for a in asks]

    def _answer(self):
        return Answer(p_yes=self.says, p_no=1 - self.says)

    def reply(self, conversations, *, max_tokens, schema=None):
        if any(is_red(talk.image) for talk in conversations):
            self.on_red()
        return [self.said for _ in conversations]


class Red:
    """An encoder, a detector and a guard that do something about the red picture."""

    identity = ModelIdentity(role="guard", name="painted", digest="0")

    def __init__(self, on_red) -> None:
        self.on_red = on_red

    def strangeness(self, images):
        return [self.on_red() if is_red(image) else 0.5 for image in images]

    def similarity(self, images, texts):
        return [[self.on_red() if is_red(image) else 0.9 for _ in texts] for image in images]

    def detect(self, image, queries):
        found = self.on_red() if is_red(image) else 0.9
        return [Box((0, 0, found * 10, 10), found, query) for query in queries]


def judged(images, mllm=None, rule=FIRE, **models):
    chosen = Settings(batch=models.pop("batch", 8), image_seconds=models.pop("image_seconds", 60))
    return list(Judge(constitution(rule), mllm or Mllm(), settings=chosen, **models).judge_many(images))


def words(verdicts) -> list[str]:
    return [one.verdict for one in verdicts]


def raising(error):
    def raise_it():
        raise error

    return raise_it


# --- what is no image ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [None, 7, object(), ["a.png"], b"", "", "nowhere.png", b"words", float("nan")])
def test_what_is_no_image_loses_no_other(bad):
    verdicts = judged([GOOD, bad, GOOD])
    assert words(verdicts) == ["no_violation", "needs_review", "no_violation"]
    assert verdicts[1].failure.kind == "image"
    assert verdicts[1].reasons == (verdicts[1].failure.message,)


def test_of_one_alone_it_is_a_mistake():
    with pytest.raises(UserError, match="cannot judge a NoneType"):
        Judge(constitution(FIRE), Mllm()).judge(None)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), ZeroDivisionError(), OSError(5, "I/O error")])
@pytest.mark.parametrize("step", ["read_bytes", "decode"])
def test_whatever_reading_raises_stays_with_its_image(monkeypatch, tmp_path, error, step):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(GOOD)
    really = getattr(media, step)

    def failing(*args):
        if any(str(one).endswith("b") for one in args):
            raise error
        return really(*args)

    monkeypatch.setattr(media, step, failing)
    verdicts = judged([tmp_path / name for name in ("a", "b", "c")])
    assert words(verdicts) == ["no_violation", "needs_review", "no_violation"]
    said = "not enough memory to decode it" if isinstance(error, MemoryError) else type(error).__name__
    assert said in verdicts[1].reasons[0]
    assert verdicts[1].failure.retryable is isinstance(error, MemoryError)


# --- models that fail ---------------------------------------------------------------------------------------------

FAILURES = [
    MemoryError(), RecursionError("too deep"), ValueError("no\nnumber"), AssertionError(), KeyError("x"),
    ImageError("not mine"), ModelError("broken"), StopIteration(),
]  # fmt: skip


@pytest.mark.parametrize("error", FAILURES, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("who", ["mllm", "guard", "detector", "reasoning"])
def test_whatever_a_model_raises_about_one_picture_stays_with_it(error, who):
    says = 0.7 if who in ("detector", "reasoning") else 0.1
    mllm = Mllm(
        raising(error) if who == "mllm" else lambda: None, says=says, reply='{"rating": "No", "rationale": "x"}'
    )
    models = {who: Red(raising(error))} if who in ("guard", "detector") else {"detector": Red(lambda: 0.9)}
    if who == "reasoning":
        really = mllm.reply

        def reply(conversations, **options):
            mllm.on_red = raising(error)
            try:
                return really(conversations, **options)
            finally:
                mllm.on_red = lambda: None

        mllm.reply = reply
    verdicts = judged([GOOD, RED, GOOD], mllm, **models)
    if who == "detector":  # the region is left out, and reasoning decides
        assert words(verdicts) == ["no_violation"] * 3
        assert verdicts[1].findings[0].preconditions[0].alternatives[0].region is None
        return
    assert words(verdicts) == ["no_violation", "needs_review", "no_violation"]
    assert "\n" not in verdicts[1].reasons[0]
    if who != "guard":
        assert (verdicts[1].failure.kind, verdicts[0].failure, verdicts[2].failure) == ("model", None, None)


@pytest.mark.parametrize("error", FAILURES, ids=lambda one: type(one).__name__)
def test_an_encoder_that_fails_on_one_picture_prunes_the_others_as_ever(error):
    verdicts = judged([GOOD, RED, GOOD], encoder=Red(raising(error)))
    assert words(verdicts) == ["no_violation"] * 3
    assert [bool(one.notes) for one in verdicts] == [False, True, False]
    assert [one.findings[0].relevance for one in verdicts] == [0.9, None, 0.9]


def test_an_error_that_no_stage_expected_ends_one_image_only(monkeypatch):
    from judge.judging import record

    really = record.verdict

    def failing(picture, *rest):
        if is_red(picture.views[0].image):
            raise TypeError("a mistake of ours")
        return really(picture, *rest)

    monkeypatch.setattr(record, "verdict", failing)
    verdicts = judged([GOOD, RED, GOOD])
    assert words(verdicts) == ["no_violation", "needs_review", "no_violation"]
    assert verdicts[1].reasons == ("judging failed (TypeError: a mistake of ours)",)
    assert verdicts[1].failure.retryable


@pytest.mark.parametrize("count", [0, 2])
def test_a_model_that_gives_too_few_or_too_many_answers_has_failed(count):
    class Wrong(Mllm):
        def answer(self, asks):
            return super().answer(asks) if asks[0].image is None else [self._answer()] * count

    (verdict,) = judged([GOOD], Wrong())
    assert verdict.verdict == "needs_review"
    assert f"the model gave {count} answers to 1 questions" in verdict.reasons[0]


def test_a_mistake_of_the_user_ends_the_run_at_once():
    mllm = Mllm(raising(UserError("the tokenizer has no token for Yes")))
    found = Judge(constitution(FIRE), mllm, settings=Settings(batch=1)).judge_many([GOOD, RED, GOOD])
    assert next(found).verdict == "no_violation"
    with pytest.raises(UserError, match="no token for Yes"):
        next(found)


def test_the_keyboard_ends_the_run():
    with pytest.raises(KeyboardInterrupt):
        judged([GOOD, RED], Mllm(raising(KeyboardInterrupt())))


# --- numbers that are none, and rules that nothing can decide -------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("cosine", [NAN, -INF, INF, -5.0])
def test_a_rule_is_not_pruned_by_what_is_no_cosine(cosine):
    verdicts = judged([GOOD, RED], Mllm(says=0.95), encoder=Red(lambda: cosine))
    assert words(verdicts) == ["violation", "violation"]
    assert verdicts[1].notes == ("relevance scanning failed, so every rule was judged: the encoder gave no cosines",)


def test_too_few_cosines_prune_nothing():
    encoder = ScriptedEncoder({"no fire": 0.0, "no long": 0.0})
    encoder.similarity = lambda images, texts: [[] for _ in images]
    (verdict,) = judged([GOOD], encoder=encoder)
    assert [finding.outcome for finding in verdict.findings] == ["not_violated"]


@pytest.mark.parametrize("strangeness", [NAN, INF])
def test_a_picture_whose_strangeness_is_no_number_is_not_judged(strangeness):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("white", "red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    verdicts = judged([GOOD, buffer.getvalue()], guard=Red(lambda: strangeness))
    assert words(verdicts) == ["no_violation", "needs_review"]


@pytest.mark.parametrize("number", [NAN, INF])
def test_a_box_that_is_no_number_is_no_region(number):
    mllm = Mllm(says=0.7, reply='{"rating": "No", "rationale": "x"}')
    verdicts = judged([RED], mllm, detector=Red(lambda: number))
    assert verdicts[0].findings[0].preconditions[0].alternatives[0].region is None


@pytest.mark.parametrize("chain", ["", ", exceptions: [aa]"])
@pytest.mark.parametrize("cosine", [-1.0, 0.0, 0.21])
def test_a_rule_without_a_chain_is_never_pruned_into_safety(chain, cosine):
    encoder = ScriptedEncoder({"be nice": cosine, "no fire": cosine})
    mllm = ScriptedMllm()  # raises when it is asked
    judge = Judge(constitution(f"id: nice, rule: be nice{chain}", FIRE), mllm, encoder=encoder)
    verdict = judge.judge(png())
    assert verdict.verdict == "needs_review"
    assert [finding.outcome for finding in verdict.findings] == ["undecided", "pruned"]
    assert verdict.findings[0].relevance == cosine


# --- where the images come from -------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [0, 1, 2, 3, 4])
def test_when_the_source_fails_what_came_before_is_judged(before):
    class Lost(Exception):
        pass

    def source():
        yield from [GOOD] * before
        raise Lost("the line broke")

    found = []
    with pytest.raises(Lost, match="the line broke"):
        found += (found.append(one) for one in Judge(constitution(FIRE), Mllm(), settings=Settings(batch=2)).judge_many(source()))  # fmt: skip
    assert words([one for one in found if one]) == ["no_violation"] * before


def test_a_source_is_read_as_far_as_a_batch_ahead():
    given = []

    def source():
        for index in range(100):
            given.append(index)
            yield GOOD

    verdicts = Judge(constitution(FIRE), Mllm(), settings=Settings(batch=4)).judge_many(source())
    assert given == []
    for count in range(1, 20):
        next(verdicts)
        time.sleep(0.02)
        assert len(given) <= -(-count // 4) * 4 + 4
    verdicts.close()


def test_one_that_gives_nothing_more_does_not_keep_a_program_from_ending():
    """The next image never comes: what is there is judged, and who waits can stop waiting."""
    import threading

    gone = threading.Event()

    def source():
        yield from [GOOD] * 2
        gone.wait(60)

    verdicts = Judge(constitution(FIRE), Mllm(), settings=Settings(batch=2)).judge_many(source())
    begun = time.monotonic()
    assert [next(verdicts).verdict for _ in range(2)] == ["no_violation"] * 2
    verdicts.close()
    assert time.monotonic() - begun < 30
    assert all(one.daemon for one in threading.enumerate() if one.name == "decode")
    gone.set()


def test_pictures_are_held_by_their_pixels_not_by_their_number(monkeypatch):
    """Large ones come one at a time, small ones in full batches; nothing is held that was judged."""
    alive: weakref.WeakSet = weakref.WeakSet()
    most: list[int] = []
    really = media.decode

    def watched(data, name, limits):
        picture = really(data, name, limits)
        alive.add(picture)
        most.append(len(alive))
        return picture

    monkeypatch.setattr(media, "decode", watched)
    monkeypatch.setattr(opening, "PIXELS", 15_000)
    large, small = png((200, 100)), png((20, 10))
    mllm = Mllm()
    assert len(judged([large] * 6, mllm, batch=4)) == 6
    assert max(most) == 1
    asked = [len(call) for call in mllm.calls if len(call) > 1]
    assert asked == []
    most.clear()
    assert len(judged([small] * 8, mllm, batch=4)) == 8
    assert [len(call) for call in mllm.calls[-2:]] == [4, 4]
    assert max(most) <= 8


def test_kept_verdicts_come_in_order_one_for_each(tmp_path):
    for name, data in {"a": GOOD, "b": b"words", "c": png(colour="blue"), "\udcff": GOOD}.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in ("a", "b", "missing", "c", "a", "\udcff")] * 30
    kept = CachedVerdicts(Judge(constitution(FIRE), Mllm()), tmp_path / "kept")
    for _ in range(2):
        found = list(kept.judge_many(iter([paths[0], None, *paths[1:]])))
        named = [verdict.image for verdict, _ in found]
        expected = [path.encode("utf-8", "backslashreplace").decode() for path in paths]
        assert named == [expected[0], "<NoneType>", *expected[1:]]
        for verdict, _ in found:
            assert verdict.verdict == ("no_violation" if verdict.image[-1] in "acf" else "needs_review")
            verdict.model_dump_json()
    assert {was_kept for verdict, was_kept in found if verdict.verdict == "no_violation"} == {True}


def test_a_kept_verdict_of_another_image_is_not_believed(tmp_path):
    for name, colour in {"a.png": "red", "b.png": "blue"}.items():
        (tmp_path / name).write_bytes(png(colour=colour))
    kept = CachedVerdicts(Judge(constitution(FIRE), Mllm()), tmp_path / "kept")
    paths = [str(tmp_path / name) for name in ("a.png", "b.png")]
    assert [known for _, known in (*kept.judge_many(paths), *kept.judge_many(paths))] == [False, False, True, True]
    first, second = (tmp_path / "kept").rglob("*.json")
    first.write_bytes(second.read_bytes())
    found = list(kept.judge_many(paths))
    assert sorted(known for _, known in found) == [False, True]
    assert len({verdict.image_facts.sha256 for verdict, _ in found}) == 2


# --- time -----------------------------------------------------------------------------------------------------------


def slowly(seconds):
    return lambda: time.sleep(seconds)
