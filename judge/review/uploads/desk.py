"""What happens with uploads: one event of the page in, the person's uploads out. Knows no Gradio."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from judge.constitution import Constitution, parse_constitution
from judge.constitution.told import checked_context
from judge.errors import JudgeError, ModelError, UserError
from judge.review.queue.messages import in_words, misunderstood, serial_of
from judge.review.ui import render
from judge.review.ui.context import Context, Person
from judge.review.ui.parts import is_outside, uploaded
from judge.review.uploads.judging import Upload, Uploads
from judge.review.uploads.messages import UploadRequest, UploadShown, UploadUpdate
from judge.review.workbench.library import Library, Ref
from judge.review.workbench.showing import refs_html

DEFAULT = "shipped:demo"
_NEARLY = 0.95  # of the bar: what is looked at more closely was not counted before


class UploadDesk:
    """Gives, shows and cancels the uploads of everybody who has the page open."""

    def __init__(self, context: Context) -> None:
        self._judges = context.judges
        self._library = Library(context.data)
        self._uploads = Uploads(context.store, context.judges)
        context.at_the_end.append(self._uploads.close)
        self._uploads.resume(self._known)
        self._handlers: dict[str, Callable[[UploadRequest, Person], UploadUpdate]] = {
            "look": lambda asked, person: UploadUpdate(),
            "warm": self._warm,
            "put": self._put,
            "forget": self._forget,
        }

    def act(self, raw: Any, person: Person) -> str:
        """Do what was asked; the reply as JSON. A person's mistakes are told, never raised."""
        try:
            asked = UploadRequest.model_validate(raw)
        except ValidationError as error:
            return UploadUpdate(serial=serial_of(raw), error=misunderstood(error)["text"]).json_text()
        try:
            reply = self._handlers[asked.kind](asked, person)
        except JudgeError as error:
            reply = UploadUpdate(error=_told(error))
        shown = tuple(self._shown(one) for one in self._uploads.of(person.name))
        return reply.model_copy(update={"serial": asked.serial, "uploads": shown}).json_text()

    def _warm(self, asked: UploadRequest, person: Person) -> UploadUpdate:
        chosen = Ref.parse(asked.constitution or DEFAULT)
        self._judges.warm(self._source(chosen))
        try:
            declared = self._declaring(chosen).context
        except JudgeError:  # told when something is to be judged by it
            declared = {}
        shown = render.html("upload_fields", fields=declared).strip()
        return UploadUpdate(constitutions=refs_html(self._library, chosen), fields=shown)

    def _put(self, asked: UploadRequest, person: Person) -> UploadUpdate:
        chosen = Ref.parse(asked.constitution or DEFAULT)
        source = self._source(chosen)
        told = checked_context(self._declaring(chosen), asked.context) if asked.context else {}
        one = self._uploads.put(person.name, asked.name[:200] or "upload", uploaded(asked.data), source, told)
        return UploadUpdate(taken=one.id)

    def _forget(self, asked: UploadRequest, person: Person) -> UploadUpdate:
        self._uploads.forget(person.name, asked.id)
        return UploadUpdate()

    def _declaring(self, ref: Ref) -> Constitution:
        """A constitution of the list, for the context that it declares."""
        return parse_constitution(self._library.text(ref), file=str(ref))

    def _source(self, ref: Ref) -> str:
        """What a judge is loaded from: only ever a constitution of the list, looked up by its name."""
        self._library.text(ref)  # it has to be there, and in the data folder itself
        return ref.name if ref.origin == "shipped" else str(self._library.path(ref))

    def _known(self, source: str) -> bool:
        """Whether this is what a judge of some constitution of the list is loaded from."""
        for ref in self._library.refs():
            with contextlib.suppress(UserError):  # one that is not there any more
                if self._source(ref) == source:
                    return True
        return False

    def _shown(self, one: Upload) -> UploadShown:
        thumb = f"data:image/jpeg;base64,{base64.b64encode(one.thumb).decode()}"
        state = one.state  # once: the thread that judges may change it meanwhile
        html = render.html("upload_entry", one=one, open=state in ("waiting", "loading", "judging"), thumb=thumb)
        share = min(one.asked / one.most, _NEARLY) if one.most and state == "judging" else 0.0
        return UploadShown(id=one.id, state=state, html=html, text=self._said(one, state), share=share)

    def _said(self, one: Upload, state: str) -> str:
        if state == "waiting":
            ahead = self._uploads.ahead(one)
            return f"Waiting, {ahead} before it." if ahead else "Waiting for the model."
        if state == "loading":
            return "Loading the model."
        if state == "judging":
            return f"Judging, {one.asked} questions asked."
        if one.verdict is not None and is_outside(one.verdict):
            return f"Nothing was asked: {'; '.join(one.verdict.reasons)}. It is item {one.item} of the queue."
        if one.verdict is not None:
            found = f": {', '.join(one.verdict.violations)}" if one.verdict.violations else ""
            return f"Judged. {render.word(one.verdict.verdict)}{found}. It is item {one.item} of the queue."
        return _told(one.error) if one.error is not None else ""


def _told(error: JudgeError) -> str:
    kind = "The model failed" if isinstance(error, ModelError) else "This cannot be judged"
    return f"{kind}: {in_words(error)}"
