"""Has a model probed as the judge asks it, and names the latest probe of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.chain import chain_of
from judge.constitution import Constitution
from judge.errors import ModelError
from judge.judging import escalation
from judge.languages import DEFAULT, language_of
from judge.ports import Mllm
from judge.probing import AskingMethod, Load, ProbedModel, ProbeReport, kept, probe
from judge.settings import Settings
from judge.verdict import ModelIdentity, Probed, ReasoningEvidence

if TYPE_CHECKING:
    from PIL.Image import Image


def probe_of(mllm: Mllm, constitution: Constitution, settings: Settings) -> ProbeReport:
    """The report on a model, with the seconds that images take under a constitution. It is kept.

    Raises:
        UserError: the model cannot be asked in English.
    """
    report = probe(subject_of(mllm, constitution, settings))
    kept.keep(report)
    return report


def probed(model: ModelIdentity) -> Probed | None:
    """How a verdict names the latest probe of a model, if there was one."""
    report = kept.kept(model)
    return kept.named(report) if report is not None else None


def subject_of(mllm: Mllm, constitution: Constitution, settings: Settings) -> ProbedModel:
    """A model as a probe looks at it: asked and made to reason as the judge does it."""

    language = language_of(DEFAULT)

    def reason(image: Image, statement: str) -> ReasoningEvidence:
        question = escalation.Question(image, statement)
        how = settings.reason_with
        (found,) = escalation.reason(mllm, [question], settings.reason_tokens, language, reason_with=how)
        if isinstance(found, ModelError):
            raise found
        return found

    def reasoning(statement: str) -> str:
        return language.render("reason", statement=statement)

    statements = {text for rule in constitution.rules for text in chain_of(rule).statements}
    load = Load(constitution.constitution, len(constitution.rules), len(statements))
    return ProbedModel(mllm, AskingMethod(language.instruction, reasoning, reason), settings, load)
