"""What the server may be told: constitutions, limits, how verdicts are mapped. A file of it is YAML. Knows no model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from judge.constitution.schema import Identifier, ModerationKey
from judge.errors import UserError
from judge.settings import MOST_IMAGE, Frozen, Share

_HOUR, _DAY = 3600.0, 86400.0
Seconds = Annotated[float, Field(gt=0, le=_DAY)]


class RequestLimits(Frozen):
    """How much of one request is taken, and how much of all of them together."""

    request_bytes: int = Field(default=128 * 2**20, ge=1024, le=4 * MOST_IMAGE)
    """Of a body; more is refused with 413 before it is read."""
    images: int = Field(default=64, ge=1, le=10_000)
    """Of a request; more is refused with 413."""
    pixels: int = Field(default=64_000_000, ge=1, le=178_000_000)
    """That an image's header may announce; more is refused with 413."""
    clip_frames: int = Field(default=60, ge=0, le=10_000)
    """Of a clip that are judged; with 0 clips are refused with 415."""
    seconds: Annotated[float, Field(gt=0, le=_HOUR)] = 60.0
    """That a request may take, once it is read; then it is answered with 503."""
    body_seconds: Annotated[float, Field(gt=0, le=_HOUR)] = 60.0
    """That a body may take to arrive; then it is answered with 408."""
    held_bytes: int = Field(default=512 * 2**20, ge=1024, le=2**40)
    """Of all bodies together that are there at a time; more is refused with 503."""
    requests: int = Field(default=1000, ge=1, le=100_000)
    """That are answered at a time; more are refused with 503."""
    waiting: int | None = Field(default=None, ge=1, le=100_000)
    """Images that wait to be judged, after which requests are refused with 503. Unset: a batch for each process that is
    ready, so that whoever is let in is answered within about two batches."""


class ServedConstitution(Frozen):
    """A constitution that the server judges by."""

    constitution: str
    """A file, or a name that ships. Clients name it by the name that stands in it."""
    shadow: str | None = None
    """Another file that the same images are judged by beside it; nobody is told but `/metrics`."""
    canary: str | None = None
    """Another file that judges a share of the images in its place."""
    canary_share: Share = 0.0
    """Which share. An image is always on the same side."""
    moderation: dict[Identifier, tuple[ModerationKey, ...]] = Field(default_factory=dict)
    """Keys of OpenAI's moderation endpoint per rule, beside those that the constitution's `categories` gives it."""

    @model_validator(mode="after")
    def _share_of_something(self) -> Self:
        if self.canary is None and self.canary_share:
            raise ValueError("canary_share says how much the canary judges, and there is no `canary`")
        return self


class ModerationMapping(Frozen):
    """How verdicts become answers of `/v1/moderations`."""

    needs_review: Literal["flagged", "not_flagged"] = "flagged"
    """What an undecided image is. It is named in the answer either way."""
    text: Literal["pass_over", "refuse"] = "pass_over"
    """What becomes of text beside an image: it is not judged. Text alone is always refused."""


class GuardrailMapping(Frozen):
    """How verdicts become actions of the guardrail for LiteLLM."""

    needs_review: Literal["block", "pass"] = "block"
    """What an undecided image does to its request."""
    failure: Literal["block", "pass"] = "block"
    """What a judge that fails, or has no time, does to it."""


_DEMO = ServedConstitution(constitution="demo")


class ServerSettings(Frozen):
    """All that the server is told beside the models."""

    constitutions: tuple[ServedConstitution, ...] = Field(
        default=(ServedConstitution(constitution="demo"),), min_length=1
    )
    """The first one is judged by where a request names none."""
    keys: Path | None = None
    """File of API keys (`judge serve keys add`). Unset: nobody needs one."""
    store: Path | None = None
    """SQLite file in which verdicts are kept for `/v1/verdicts/{id}`. Unset: none is."""
    store_days: Annotated[float, Field(gt=0, le=36_500)] = 30.0
    """That a verdict is kept there."""
    fetch_urls: bool = False
    """Whether images may be given as http and https addresses that the server fetches."""
    once_seconds: float = Field(default=60.0, ge=0, le=_DAY)
    """For so long an image that comes again under the same policy is not judged again."""
    window_ms: float = Field(default=5.0, ge=0, le=1000)
    """That an image waits for others to be judged with."""
    reload_seconds: Seconds = 2.0
    """How often files are looked at for changes."""
    limits: RequestLimits = RequestLimits()
    moderation: ModerationMapping = ModerationMapping()
    guardrail: GuardrailMapping = GuardrailMapping()

    @field_validator("constitutions", mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        """A bare name or file in place of a mapping."""
        return (
            [{"constitution": one} if isinstance(one, str) else one for one in given]
            if isinstance(given, list)
            else given
        )


def read_settings(path: Path) -> dict[str, Any]:
    """What a settings file says; files that it names lie beside it.

    Raises:
        UserError: it cannot be read, or says what there is not.
    """
    import yaml

    from judge.files import read_text

    class Once(yaml.SafeLoader):
        """Of a key that stands twice, YAML's own loader takes the last."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            known = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):  # others are no names of settings
                    if key.value in known:
                        raise yaml.constructor.ConstructorError(
                            None, None, f"'{key.value[:80]}' stands twice", key.start_mark
                        )
                    known.add(key.value)
            return super().construct_mapping(node, deep)

    try:
        given = yaml.load(read_text(path), Loader=Once)  # noqa: S506  # a SafeLoader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(given, dict):
        raise UserError(f"{path} holds no settings", hint="it is a YAML mapping: see docs/server.md")
    checked = server_settings(given, str(path))
    given = checked.model_dump(exclude_unset=True)
    for one in given.get("constitutions", ()):
        for name in ("constitution", "shadow", "canary"):
            if one.get(name):
                one[name] = _beside(path, one[name])
    for name in ("keys", "store"):
        if given.get(name):
            given[name] = path.parent / given[name]
    return given


def server_settings(given: dict[str, Any], source: str = "settings") -> ServerSettings:
    """Checked settings.

    Raises:
        UserError: there is no such setting, or it may not be that.
    """
    try:
        return ServerSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = f"there are: {', '.join(_keys_at(first['loc'][:-1]))}" if first["type"] == "extra_forbidden" else ""
        raise UserError(f"{source}: {where}: {first['msg']}", hint=known) from error


def _keys_at(place: tuple[int | str, ...]) -> list[str]:
    """The settings that there are where one of another name stands."""
    model: type[BaseModel] = ServerSettings
    for part in place:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next(one for one in (*get_args(kind), kind) if isinstance(one, type) and issubclass(one, BaseModel))
    return list(model.model_fields)


def _beside(path: Path, name: str) -> str:
    there = path.parent / name
    return str(there) if there.exists() else name
