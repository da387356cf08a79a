"""What the page of the uploads says and what it is answered; the other side is `static/uploads.js`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from judge.constitution.context import MOST_CHARACTERS, MOST_FIELDS, FieldName
from judge.review.queue.messages import MOST
from judge.settings import Frozen


class UploadRequest(Frozen):
    """One thing that a person did. constitution: a reference, as `judge.review.workbench.library.Ref` writes them.
    id: the upload's. warm: the dialog was opened, the model may load while the file is looked for. context: what came
    with the file, by field."""

    kind: Literal["look", "warm", "put", "forget"]
    serial: int = Field(ge=0, le=MOST)
    id: str = Field(default="", max_length=64)
    name: str = "upload"
    data: str = ""
    constitution: str = ""
    context: dict[FieldName, Annotated[str, Field(max_length=MOST_CHARACTERS)]] = Field(
        default_factory=dict, max_length=MOST_FIELDS
    )


class UploadShown(Frozen):
    """One upload on the page. html: as it stands while its state stays; text and share (of 1) move meanwhile."""

    id: str
    state: str
    html: str
    text: str
    share: float


class UploadUpdate(Frozen):
    """What the page has to change. Parts that are absent stay as they are.

    uploads: the person's, all of them. taken: the id of the one that was just given. error: why it was refused.
    fields: where what came with a file is typed, as the chosen constitution declares it.
    """

    serial: int = 0
    uploads: tuple[UploadShown, ...] = ()
    taken: str | None = None
    error: str | None = None
    constitutions: str | None = None
    fields: str | None = None

    def json_text(self) -> str:
        """Only what was set."""
        return self.model_dump_json(exclude_unset=True)
