"""An assertion for promptfoo: what a provider drew is held against a constitution.

assert:
  - type: python
    value: file://judged.py                  # from judge.integrations.promptfoo import get_assert
    config: {constitution: house-rules.yaml}
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from judge.errors import UserError
from judge.integrations.annotating import Annotation, Annotator, NoImage, OfRule, annotated, of_reference, together
from judge.integrations.in_text import images_in_text
from judge.settings import Frozen, Settings
from judge.verdict import RuleOutcome

SERVER = "JUDGE_SERVER"  # names a server for all assertions
_BLOB = "promptfoo://blob/"  # larger images are kept in files, and the output names them
_ONLY_A_FILE = re.compile(r"\S[^\n]*\.(?:png|jpe?g|webp|gif|bmp|tiff?|avif|heic)", re.IGNORECASE)
_WORDS = {
    RuleOutcome.VIOLATED: "violated",
    RuleOutcome.UNDECIDED: "undecided",
    RuleOutcome.NOT_VIOLATED: "not violated",
    RuleOutcome.PRUNED: "not violated: it has nothing to do with the picture",
}


class AssertionConfig(Frozen):
    """The `config` of an assertion. settings: as of `judge.Settings`, such as `{model: ...}`. server: address of a
    server that judges in place of this machine, by default what `JUDGE_SERVER` says; `constitution` names one of its.
    """

    constitution: str | None = None
    settings: Settings | None = None
    server: str | None = None


def get_assert(output: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """What promptfoo calls: passes only where every image of an output violates no rule; its score is then 1, else 0.

    What needs a person fails, as does an output without an image, or with one that cannot be looked at. Each enforced
    rule is a component, and `namedScores` count the verdicts.

    Raises:
        UserError: the configuration is wrong, or the assertion is turned around (`not-python`), which would make a
            pass of what needs a person. promptfoo then fails the assertion, with the message as its reason.
        JudgeError: the constitution or the models cannot be used, or the server does not answer.
    """
    if _turned_around(context.get("test")):
        raise UserError(  # in one line, of which promptfoo shows the last
            "this assertion cannot be turned around (not-python), because what needs review would pass: use "
            "`type: python`, and the named score `violation` for images that should violate"
        )
    config = _config(context.get("config"))
    images = [_opened(one) for one in dict.fromkeys(_images(output, context.get("providerResponse") or {}))]
    if not images:
        return _result(Annotation("needs_review", reasons=("the output has no image",)))
    return _result(together(_judged(images, config)))


def _judged(images: list[bytes | Path | NoImage], config: AssertionConfig) -> list[Annotation]:
    server = config.server or os.environ.get(SERVER)
    if not server:
        return Annotator(config.constitution or "demo", config.settings)(images)
    if config.settings is not None:
        raise UserError(
            f"the server at {server} has settings of its own: leave `settings` out of the assertion's config"
        )
    from judge.client import Client

    with Client(server) as client:
        return annotated(images, lambda some: client.judge_many(some, constitution=config.constitution))


def _result(said: Annotation) -> dict[str, Any]:
    parts = [_component(rule) for rule in said.rules if rule.enforced]
    if said.verdict == "needs_review" and all(part["pass"] for part in parts):
        parts.append({"pass": False, "score": 0.0, "reason": said.because})  # not a rule, but the picture is in doubt
    passed = said.verdict == "no_violation"
    return {
        "pass": passed,
        "score": float(passed),
        "reason": f"{said.verdict}: {said.because}",
        "componentResults": parts,
        "namedScores": {word: float(word == said.verdict) for word in ("no_violation", "violation", "needs_review")},
    }


def _component(rule: OfRule) -> dict[str, Any]:
    passed = rule.outcome in (RuleOutcome.NOT_VIOLATED, RuleOutcome.PRUNED)
    why = f" ({rule.reason})" if rule.reason else ""
    return {
        "pass": passed,
        "score": float(passed),
        "reason": f"{rule.rule}: {rule.text} - {_WORDS[rule.outcome]}{why}",
    }


def _config(given: Any) -> AssertionConfig:
    try:
        return AssertionConfig.model_validate(given or {})
    except ValidationError as error:
        where = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise UserError(
            f"the config of the assertion cannot be used ({where}): it takes a constitution, and settings or a server, "
            "such as config: {constitution: house-rules.yaml, settings: {model: bundled}}"
        ) from error


def _turned_around(test: Any) -> bool:
    """Whether any assertion of a test is. Which of them is being asked is not told."""
    asserted = test.get("assert") if isinstance(test, Mapping) else None
    for one in asserted if isinstance(asserted, list) else []:
        if isinstance(one, Mapping) and (one.get("type") == "not-python" or _turned_around(one)):
            return True
    return False


def _images(output: Any, response: Mapping[str, Any]) -> Iterator[str]:
    """What names the images of an output, or holds them: data URIs, blobs of promptfoo, files."""
    for image in response.get("images") or ():
        kept = image.get("blobRef") or {}
        if kept.get("uri") or image.get("data"):
            yield kept.get("uri") or _as_data(image["data"])
    if isinstance(output, Mapping) and isinstance(output.get("data"), list):  # of a provider asked for `b64_json`
        yield from (_as_data(one.get("b64_json") or one.get("url") or "") for one in output["data"])
    if isinstance(output, Mapping | list):
        yield from images_in_text(json.dumps(output))
    if not isinstance(output, str):
        return
    text = output.strip()
    if text.startswith("{"):
        with suppress(ValueError, RecursionError):
            yield from _images(json.loads(text), {})
    if text.startswith(("data:", "file:", _BLOB)) or _ONLY_A_FILE.fullmatch(text):
        yield text
    else:
        yield from images_in_text(text)


def _as_data(text: str) -> str:
    return text if text.startswith("data:") or "://" in text[:64] else "data:image/any;base64," + text


def _opened(reference: str) -> bytes | Path | NoImage:
    if not reference.startswith(_BLOB):
        return of_reference(reference)
    digest = reference.removeprefix(_BLOB).lower()
    if re.fullmatch("[0-9a-f]{64}", digest) is None:
        return NoImage("its blob has no name of promptfoo's")
    home = Path(os.environ.get("PROMPTFOO_CONFIG_DIR") or Path.home() / ".promptfoo")
    try:
        data = (home / "blobs" / digest[:2] / digest[2:4] / digest).read_bytes()
    except OSError:
        return NoImage("promptfoo's file of it cannot be read (PROMPTFOO_INLINE_MEDIA=true keeps it in the output)")
    if hashlib.sha256(data).hexdigest() != digest:
        return NoImage("promptfoo's file of it was changed")
    return data
