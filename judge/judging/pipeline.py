"""The judge. Read `Judge._judge` top to bottom: it is the method (CLUE, arXiv 2501.00192), per batch of pictures:

0. views: a picture may be looked at more closely, in parts (`look_closer`), each judged like the whole;
   domain: a picture that the model was not made for is asked nothing (only where the model has a guard);
1. relevance: rules whose text is far from the image are pruned (section 3.3);
2. questions: wave by wave, every live rule's next precondition; all questions about an image share one
   prefill; a chain that failed is asked no further (section 3.4, the a1/a2 rule);
3. regions, then a ladder of dearer steps, of which reasoning is the first, for statements still undecided that can
   change their rule (sections 3.4, 3.5), one statement per rule at a time, because each may settle its rule;
4. findings per rule and view, and the verdict; anything open ends in `needs_review`;
5. on request, how the picture may give offence, in the model's words: no verdict depends on it.

All pictures of a batch move through each step together, so that the models see full batches.
This module knows protocols only: which models these are is `judge.assemble`'s business.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from judge.causes import Cause, Remark, Why
from judge.constitution import Constitution
from judge.constitution.told import checked_context
from judge.errors import ImageError, ModelError, ScriptExhausted, UserError
from judge.judging import domain, record, regions_stage
from judge.judging.asking import Questioner
from judge.judging.calling import NotAsked, described, each
from judge.judging.clock import Clock, timings
from judge.judging.closer import closer_views
from judge.judging.debate import KnownPicture
from judge.judging.given import Context, GivenContext, in_step
from judge.judging.known import Known
from judge.judging.ladder import ALONE, Further, Ladder, steps_of
from judge.judging.offence import check_speaks, explained
from judge.judging.opening import Opened, ahead, checked, opened
from judge.judging.probed import probe_of, probed
from judge.judging.view_state import PreparedRule, ViewState
from judge.locks.loading import Locked
from judge.media import Picture
from judge.ports import Detector, Encoder, Guard, Mllm, identities, opened_for
from judge.settings import Settings
from judge.verdict import Failure, Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

    from judge.clip_verdict import ClipVerdict
    from judge.probing import ProbeReport

log = logging.getLogger("judge")


class Judge:
    """Judges images under one constitution with models that are already loaded (see `load_judge`)."""

    def __init__(
        self,
        constitution: Constitution,
        mllm: Mllm,
        *,
        encoder: Encoder | None = None,
        detector: Detector | None = None,
        guard: Guard | None = None,
        settings: Settings | None = None,
        locked: Locked | None = None,
        sees: int | None = None,
        further: Further = ALONE,
    ) -> None:
        """sees: pixels a side that `mllm` looks at, for closer looks; None: not known. further: what steps after
        reasoning need beside the models (see `Settings.escalate`)."""
        self.constitution = constitution = constitution.settled(())  # approvals stand in a lock, which is read before
        self.settings = settings or Settings()
        self.locked, self._sees = locked, sees
        self._mllm, self._encoder, self._detector, self._guard = mllm, encoder, detector, guard
        self._questioner = Questioner(mllm, constitution.asked_in, locked.priors if locked is not None else None)
        self.steps = self.settings.steps(constitution.escalate)
        self._further = further
        used = further.used_by(self.steps)
        self._ladder = Ladder(steps_of(self.steps, mllm, self.settings, constitution.asked_in, used))
        self._prepared = tuple(PreparedRule.of(rule, self.settings.thresholds) for rule in constitution.rules)
        self._readings = constitution.readings
        self._central_objects = regions_stage.central_objects(constitution)
        self.provenance = record.provenance(
            constitution,
            identities(mllm, *used.models, encoder, detector, guard, *used.guards.values()),
            self.settings,
            self.steps,
            used.digests,
            lock_digest=locked.digest if locked is not None else None,
            calibration_digest=locked.calibration if locked is not None else None,
            probe=probed(mllm.identity),
        )

    def derive(
        self,
        *,
        constitution: Constitution | None = None,
        locked: Locked | None = None,
        model: Mllm | None = None,
        settings: Settings | None = None,
        examples: Mapping[str, Sequence[KnownPicture]] | None = None,
    ) -> Judge:
        """A judge that differs from this one in what is named, and in nothing else. Nothing is loaded anew.

        constitution: another one, and `locked`, what its lock adds: a lock belongs to its constitution, so where
        another one is named nothing of this judge's lock stays unless it is named, too. Where it is of another language
        a server is asked how that can be asked in.
        model: another multimodal model, or one in front of this judge's (`SharedAnswers(judge.mllm)`). settings: how is
        judged; the models that they name are not loaded, and where they name another one its guard is kept, if it has
        one. examples: see `Further`; what they are told of is a statement, so where none are given they stay.

        Raises:
            UserError: a model cannot be asked in the language.
            Unreachable, ModelError: a server failed.
        """
        if constitution is None:
            constitution, locked = self.constitution, locked or self.locked
        settings = settings or self.settings
        own, answers = settings.model == self.settings.model, constitution.asked_in.answers
        model, further = model or self._mllm, self._further
        if answers != self.constitution.asked_in.answers:
            model, further = opened_for(model, answers), further.opened_for(answers)
        return Judge(
            constitution,
            model,
            encoder=self._encoder,
            detector=self._detector,
            guard=self._guard if own else self._further.guards.get(settings.model),
            settings=settings,
            locked=locked,
            sees=self._sees,
            further=further if examples is None else replace(further, examples=examples),
        )

    @property
    def mllm(self) -> Mllm:
        """The multimodal model that this judge asks."""
        return self._mllm

    @property
    def members(self) -> Mapping[str, Mllm]:
        """The further models that vote, by name; none where there is no committee."""
        return self._further.used_by(self.steps).members

    def probe(self) -> ProbeReport:
        """Find out in about a minute, without any image of yours, whether the model can be judged with: what it sees
        of plain drawings, whether it is asked rightly, what it costs. The report is kept, and verdicts name it.

        Raises:
            UserError: the model cannot be asked in English.
        """
        report = probe_of(self._mllm, self.constitution, self.settings)
        self.provenance = self.provenance.model_copy(update={"probe": probed(self._mllm.identity)})
        return report

    def judge(
        self,
        image: str | Path | bytes | Image,
        *,
        name: str | None = None,
        context: Context | None = None,
        offence: bool = False,
    ) -> Verdict:
        """The verdict on one image: a path, the bytes of a file, or a PIL image.

        An image that cannot be read and a model that fails give a `needs_review` verdict whose `failure`
        says why; they do not raise. `name` is what the verdict calls the image (default: its path). context: what is
        told beside it, by field of the constitution's `context`; statements that read it are asked about it. offence:
        whether the model is asked afterwards how the picture may give offence, one call more for each rule that is
        violated or undecided, at most eight; the verdict is the same.

        Raises:
            UserError: `image` is none of the types above, or `context` names a field that is not declared, or holds a
                text that is too long; or `offence` is asked of the bundled model.
        """
        self._check_offence(offence)
        given = GivenContext(checked_context(self.constitution, context), self._readings)
        return self._verdicts([replace(opened(checked(image), name, self.settings.limits), given=given)], offence)[0]

    def judge_many(
        self,
        images: Iterable[str | Path | bytes | Image],
        known: Sequence[Known | None] = (),
        contexts: Iterable[Context | GivenContext | None] | None = None,
        *,
        offence: bool = False,
    ) -> Iterator[Verdict]:
        """Verdicts for many images, in order, one for each, as they are ready. No image stops the others, whatever it
        is and whatever goes wrong with it; it then has a `needs_review` verdict whose `failure` says why.

        While a batch is judged the next one is read and decoded in a thread. When `images` itself raises, what came
        before is judged, and then the error is raised. known: of each image what need not be found out again; of images
        beyond its end nothing is known. contexts: what is told beside each image, in the same order, None where nothing
        is; without it nothing is told of any. An image whose context does not fit (see `judge`) is left to a person.
        offence: see `judge`.

        Raises:
            UserError: the model cannot be used at all, such as one without a token for yes; or there are not as many
                contexts as images, after those that have both.
        """
        self._check_offence(offence)
        left, beside = iter(known), list[Context | GivenContext | None]()
        sources = images if contexts is None else in_step(images, contexts, beside)
        for batch in ahead(sources, self.settings.batch, self.settings.limits):
            its = [self._given(beside.pop(0) if contexts is not None else None) for _ in batch]
            batch = [replace(one, given=each, known=next(left, None)) for one, each in zip(batch, its, strict=True)]
            verdicts = self._verdicts(batch, offence)
            del batch  # or it would be held while the next one is waited for
            yield from verdicts

    def _check_offence(self, offence: bool) -> None:
        if offence:
            check_speaks(self._mllm.identity.name)

    def _given(self, context: Context | GivenContext | None) -> GivenContext | UserError:
        if isinstance(context, GivenContext):
            return context
        try:
            return GivenContext(checked_context(self.constitution, context), self._readings)
        except UserError as error:
            return error

    def judge_clip(
        self, clip: str | Path | bytes, *, name: str | None = None, context: Context | None = None
    ) -> ClipVerdict:
        """The verdict on one clip, a path or the bytes of a file: what was violated, from when to when.

        A clip that cannot be read, and a model that fails, give a `needs_review` verdict whose `failure` says why; they
        do not raise. How much of it is decoded and judged, `settings.clips` says. `name`, `context`: see `judge`. What
        is told is told beside every frame, and what reads it alone is asked once.

        Raises:
            UserError: `clip` is none of the types above, its context does not fit, or the model cannot be used at all.
        """
        from judge.judging.clips.judging import judge_clip

        return judge_clip(self, clip, name, GivenContext(checked_context(self.constitution, context), self._readings))

    def _verdicts(self, batch: Sequence[Opened], offence: bool = False) -> list[Verdict]:
        """A verdict for everything that was opened. What no stage expected ends one image, not the run."""
        try:
            return self._judge_batch(batch, offence)
        except (UserError, ScriptExhausted):
            raise
        except Exception as error:
            log.debug("unexpected error, please report it", exc_info=True)
            if len(batch) > 1:
                return [verdict for one in batch for verdict in self._verdicts([one], offence)]
            failure = Failure(kind="model", message=f"judging failed ({described(error)})", retryable=True)
            (one,) = batch
            fields = one.given.fields if isinstance(one.given, GivenContext) else {}
            seconds = timings(one.seconds)
            return [record.not_judged(one.name, failure, Cause.MODEL_ERROR, self.provenance, seconds, fields)]

    def _judge_batch(self, batch: Sequence[Opened], offence: bool = False) -> list[Verdict]:
        """All pictures together while there is time; when it is up, each that is not done goes on alone with as much
        time again, so that one slow picture costs the others nothing but speed."""
        pictures = {
            one: self._states(one.found, one.given, one.known)
            for one in batch
            if isinstance(one.found, Picture) and isinstance(one.given, GivenContext)
        }
        limit = self.settings.image_seconds
        together = Clock(limit)
        self._judge(list(pictures.values()), together)
        clocks: dict[Opened, Clock] = {}
        for one, states in pictures.items():
            if not all(state.settled for state in states) and len(pictures) > 1:
                clocks[one] = Clock(limit)
                self._judge([states], clocks[one])
            for state in states:
                if not state.settled:
                    state.stopped = Why.of(Cause.OUT_OF_TIME, seconds=limit)
        judged = {
            one: record.verdict(one.found, states, self.provenance, {})
            for one, states in pictures.items()
            if isinstance(one.found, Picture)
        }
        if offence:
            for one, states in pictures.items():
                clock, language = clocks.get(one, together), self.constitution.asked_in
                judged[one] = explained(judged[one], states, self._mllm, language, clock, self.settings.batch)

        def verdict(one: Opened) -> Verdict:
            if isinstance(one.given, UserError):
                return record.context_refused(one.name, one.given, self.provenance, timings(one.seconds))
            if isinstance(one.found, ImageError):
                return record.unreadable(one.name, one.found, self.provenance, timings(one.seconds), one.given.fields)
            spent = timings(one.seconds, together, len(pictures), clocks.get(one))
            return judged[one].model_copy(update={"timings": spent})

        return [verdict(one) for one in batch]

    def _states(self, picture: Picture, given: GivenContext, known: Known | None) -> list[ViewState]:
        """A state per view; with `look_closer` also per closer look at one, and then all is found out anew."""
        plain = [ViewState(view, self._prepared, picture, given=given) for view in picture.views]
        if not self.settings.look_closer:
            if known is not None:
                for state in plain:
                    state.recall(known)
            return plain
        looks, said = closer_views(picture.views, self._sees, self.settings.limits.closer_views)
        plain[0].remarks += (said,) if said is not None else ()
        return plain + [ViewState(one.view, self._prepared, picture, one, given) for one in looks]

    def _judge(self, pictures: Sequence[Sequence[ViewState]], clock: Clock) -> None:
        """Fill the states of every picture with facts until nothing more can be done, or the time is up.

        The views of all pictures go through the stages as many at a time as a batch has images.
        """
        if self._guard is not None:
            with clock.stage("domain"):
                domain.keep_out(pictures, self._guard, clock)
        known = [one for group in pictures for one in group if self._guard is None or one.strangeness is not None]
        for start in range(0, len(known), self.settings.batch):
            self._look([one for one in known[start : start + self.settings.batch] if not one.settled], clock)
            for group in pictures:
                stopped = next((one.stopped for one in group if one.stopped is not None), None)
                for one in group:
                    one.stopped = one.stopped or stopped

    def _look(self, states: Sequence[ViewState], clock: Clock) -> None:
        """The method, on views that the model may look at. It goes on where it stopped when the time was up."""
        self._scan([one for one in states if not one.scanned], clock)
        while not clock.over and (wave := _once((one, text) for one in states for text in one.next_statements())):
            with clock.stage("questions"):
                self._questioner.ask(wave, clock)
            self._ladder.vote(wave, clock)
        while not clock.over and (wanted := _once((one, text) for one in states for text in one.next_open())):
            if not self._ladder.votes_on_all:
                with clock.stage("regions"):
                    regions_stage.look(wanted, self._questioner, self._detector, self._central_objects, clock)
            self._ladder.climb(wanted, clock)
            if not clock.over:
                for one, text in wanted:
                    one.exhaust(text)

    def _scan(self, states: Sequence[ViewState], clock: Clock) -> None:
        """Relevance scanning. Where it fails nothing is pruned: every rule is judged, and the verdict says so."""
        if self._encoder is None:
            for state in states:
                state.scanned = True
            return
        encoder, texts = self._encoder, [ready.rule.text for ready in self._prepared]
        with clock.stage("relevance"):
            rows = each(
                "the encoder",
                lambda some: encoder.similarity([one.view.image for one in some], texts),
                states,
                clock,
                lambda one: id(one.picture),
                id,
            )
        for state, row in zip(states, rows, strict=True):
            if not isinstance(row, ModelError) and _are_cosines(row, len(texts)):
                state.weigh(row)
            elif not isinstance(row, NotAsked):
                state.scanned = True
                why = row.message if isinstance(row, ModelError) else "the encoder gave no cosines"
                state.remarks += (Why.of(Remark.ALL_RELEVANT, said=why),)


def _once(wanted: Iterable[tuple[ViewState, str]]) -> list[tuple[ViewState, str]]:
    """What only reads is asked of the first view alone: what came with the picture is the same beside all of them."""
    first: dict[tuple[object, str], tuple[ViewState, str]] = {}
    for one, text in wanted:
        first.setdefault((one.about(text), text), (one, text))
    return list(first.values())


def _are_cosines(row: Sequence[float], count: int) -> bool:
    """Whether an encoder's row may be used: no rule is pruned by what is no number."""
    return len(row) == count and all(math.isfinite(one) and abs(one) <= 1.001 for one in row)
