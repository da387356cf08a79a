"""Language priors: what the model answers to a question without an image. Kept on disk, but for servers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from judge.files import read_text, remember
from judge.languages import Language
from judge.ports import Ask, Mllm
from judge.settings import cache_room
from judge.verdict import Answer


class Priors:
    """Priors of one model under the prompt of one language.

    The file's name holds the digests of the model, of the prompt and of the words for yes and no, so none of
    them can go stale. Those of a server's model are kept in memory only: which weights it serves, only the server
    knows, and a prior of others may turn a violation into none. `given`: priors known from elsewhere (a lock file);
    they come first and are not kept here. instruction: another one than the language's, of statements that read.
    """

    def __init__(
        self,
        mllm: Mllm,
        language: Language,
        folder: Path | None = None,
        *,
        given: Mapping[str, Answer] | None = None,
        instruction: str | None = None,
    ) -> None:
        self._given = dict(given or {})
        self._mllm = mllm
        self._instruction, self._answers, digests = language.instruction, language.answers, language.digests
        asked = digests["ask"]
        if instruction is not None:
            self._instruction, asked = instruction, hashlib.sha256(instruction.encode()).hexdigest()
        key = f"{mllm.identity.model_dump_json()}|{language.code}|{asked}|{digests['answers']}"
        self._path = (folder or cache_room("priors")) / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        self._on_disk = not mllm.identity.served
        self._known = self._read() if self._on_disk else {}

    def of(self, statements: Sequence[str]) -> dict[str, Answer]:
        """The prior of every statement; asks the model only for those not known yet.

        Raises:
            ModelError: the model failed.
        """
        missing = [text for text in dict.fromkeys(statements) if text not in self._known and text not in self._given]
        if missing:
            answers = self._mllm.answer([Ask(None, self._instruction, text, self._answers) for text in missing])
            self._known.update(zip(missing, answers, strict=True))
            if self._on_disk:
                self._write()
        return {text: self._given[text] if text in self._given else self._known[text] for text in statements}

    def _read(self) -> dict[str, Answer]:
        try:
            held = json.loads(read_text(self._path))
            return {text: Answer(p_yes=yes, p_no=no) for text, (yes, no) in held.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}  # absent or damaged: a cache, so it is computed again

    def _write(self) -> None:
        """Merge with what another process wrote meanwhile, then replace at once."""
        merged = {**self._read(), **self._known}
        held = {text: [answer.p_yes, answer.p_no] for text, answer in sorted(merged.items())}
        remember(self._path, json.dumps(held))
