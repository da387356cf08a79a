"""Whether the Hugging Face hub answers, told in seconds: the hub's own client retries for minutes. Loads no model."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from judge.errors import ModelError, Unreachable

PATIENCE = 3.0  # seconds for the hub's first answer, looking up its name included
_REMEMBERED = 60.0  # seconds for which a hub that did not answer is not asked again
_COMMIT = "X-Repo-Commit"
_failed: dict[str, tuple[float, str]] = {}


def only_local(source: str) -> bool:
    """Whether a checkpoint must be loaded without the hub: it was downloaded before, and the hub does not answer.

    Asks the hub for the checkpoint's configuration, once.

    Raises:
        Unreachable: the hub does not answer, and nothing of the checkpoint is here.
    """
    from huggingface_hub import constants

    if Path(source).exists() or constants.HF_HUB_OFFLINE:
        return False  # the libraries know not to ask, and say what is missing
    if not is_id(source):
        return False  # said when it is loaded
    why = _silence(source, constants.ENDPOINT)
    if why is None:
        return False
    if downloaded(source) is not None:
        return True
    raise unreachable(source, why)


def is_id(source: str) -> bool:
    """Whether a text can be the id of something on the hub."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(source)
    except HFValidationError:
        return False
    return True


def unreachable(source: str, why: str) -> ModelError:
    """What is said of a checkpoint that the hub does not give."""
    from huggingface_hub import constants

    return Unreachable(
        f"cannot load {source}: the hub {constants.ENDPOINT} cannot be reached ({why})",
        hint="try again later, name a folder with the model, or `--model bundled`",
        retryable=True,
    )


def damaged(source: str, what: str, folder: Path) -> ModelError:
    """What is said where the hub, or something in between, gave other content than a checkpoint's."""
    from huggingface_hub import constants

    return ModelError(
        f"cannot load {source}: what came from the hub {constants.ENDPOINT} is damaged: {what}",
        hint=f"remove {folder.parent.parent} and try again; does a proxy or a login page answer in the hub's place?",
        retryable=True,
    )


def downloaded(source: str) -> Path | None:
    """The folder in which a checkpoint of the hub lies here; None where it is a folder itself, or not here."""
    from huggingface_hub import try_to_load_from_cache

    if Path(source).exists() or not is_id(source):
        return None
    found = try_to_load_from_cache(source, "config.json")
    return Path(found).parent if isinstance(found, str) else None


def is_network_failure(error: BaseException) -> bool:
    """Whether an error of loading came from the line to the hub or from the hub itself, so that trying again may help.

    transformers wraps what its client raised, so the causes are looked at as well.
    """
    found: BaseException | None = error
    while found is not None:
        module, response = type(found).__module__.partition(".")[0], getattr(found, "response", None)
        status = getattr(response, "status_code", None)
        if status is not None:
            return bool(status == 429 or status >= 500)
        if module.startswith(("httpx", "httpcore")):
            return True
        found = found.__cause__ or found.__context__
    return False


def _silence(source: str, endpoint: str) -> str | None:
    """Why the hub does not serve; None where it answers, whatever it answers about this checkpoint."""
    when, why = _failed.get(endpoint, (-_REMEMBERED, ""))
    if time.monotonic() - when < _REMEMBERED:
        return why
    said: list[str | None] = []
    # In a thread that dies with the process: looking up a name has no time limit of its own.
    asking = threading.Thread(target=lambda: said.append(_asked(source)), name="judge-hub", daemon=True)
    asking.start()
    asking.join(PATIENCE)
    found = said[0] if said else f"no answer in {PATIENCE:g} s"
    if found is not None:
        _failed[endpoint] = time.monotonic(), found
    return found


def _asked(source: str) -> str | None:
    from huggingface_hub import get_session, hf_hub_url

    try:
        answer = get_session().head(hf_hub_url(source, "config.json"), timeout=PATIENCE)
    except Exception as error:  # whatever the client raises says the same: nobody answered
        return " ".join(str(error).split()) or type(error).__name__
    if answer.status_code >= 500:
        return f"it answers with status {answer.status_code}"
    # What the hub gives carries its commit, also where it refers to another place; a login page does not.
    if answer.is_success and not any(_COMMIT in one.headers for one in (answer, *answer.history)):
        return "what answers there is no hub of models"
    return None
