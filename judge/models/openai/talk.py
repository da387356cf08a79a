"""One server's model as somebody to talk to: turns and a picture in, a completion out. Knows nothing of yes and no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from judge.errors import ModelError, NotShown
from judge.models.openai.bounded import shown
from judge.models.openai.held import HeldPictures
from judge.models.openai.pictures import SentImage, SentImages
from judge.models.openai.plan import ServerPlan
from judge.models.openai.remote import Refused, Remote
from judge.models.openai.speaker import Speaker
from judge.models.openai.wire import Body, Completion, Served
from judge.ports import Turn

if TYPE_CHECKING:
    from PIL.Image import Image

_DECLINED = "a person has to look, or serve the model without a content filter"
_LOOK = "look at it yourself"
_OF_WHAT_WAS_SENT = (400, 413, 415, 422)  # a refusal; others are of keys, addresses and moments


class ServerTalk:
    """What goes to one model of a server: the image first, so that a server with prefix caching computes it once.

    most_pixels: of an image as it is sent; a larger one is shrunk.
    """

    def __init__(self, remote: Remote, served: Served, most_pixels: int | None = None) -> None:
        self.remote, self.served = remote, served
        self.pictures, self.speaker = SentImages(most_pixels), Speaker()
        self.taken: Image | None = None
        """A picture that the server has answered about, once there is one."""
        self._held = HeldPictures()

    async def complete(
        self, turns: Sequence[Turn], image: Image | None, plan: ServerPlan, more: Mapping[str, Any]
    ) -> Completion:
        """The model's answer.

        more: what the request says besides its messages.

        Raises:
            NotShown: the server refuses this picture, and takes the same question about another.
            Refused, Unreachable, ModelError: also where another model answers than at first, or an answer is declined.
        """
        if image is None:
            return await self._asked(turns, None, more)
        picture = await self.pictures.of(image)

        async def send(in_full: bool) -> Completion:
            return await self._asked(turns, _part(picture if in_full else None, picture.digest, plan), more)

        try:
            return await (self._held.once(picture.digest, send) if plan.once else send(True))
        except Refused as error:
            if error.status not in _OF_WHAT_WAS_SENT or not await self._takes(turns, plan, more):
                raise
            said = f"the server does not take this picture: {error.message}"
            raise NotShown(said, hint=error.hint or _LOOK) from error

    async def _takes(self, turns: Sequence[Turn], plan: ServerPlan, more: Mapping[str, Any]) -> bool:
        """Whether the server answers this about a picture that it has taken before: else no picture is to blame."""
        if self.taken is None:
            return False
        picture = await self.pictures.of(self.taken)
        try:
            await self._asked(turns, _part(picture, picture.digest, plan), more)
        except ModelError:
            return False
        return True

    async def complete_by_name(self, turns: Sequence[Turn], digest: str, plan: ServerPlan) -> Completion:
        """The model's answer to a question about a picture of which the server is told the name alone.

        Raises as `complete` does.
        """
        return await self._asked(turns, _part(None, digest, plan), plan.body)

    async def _asked(self, turns: Sequence[Turn], part: Body | None, more: Mapping[str, Any]) -> Completion:
        messages: list[Body] = [{"role": turn.role, "content": turn.text} for turn in turns]
        if part is not None:
            messages[0]["content"] = [part, {"type": "text", "text": turns[0].text}]
        completion = await self.remote.complete({"model": self.served.id, "messages": messages, **more})
        for choice in self.speaker.check(completion).choices:
            if choice.declined is not None:
                raise ModelError(choice.declined, hint=_DECLINED)
            if choice.broken is not None:
                said = f"the server broke an answer off ({shown(choice.broken)})"
                raise ModelError(said, hint="serve the model without tools, and try again", retryable=True)
        return completion


def _part(picture: SentImage | None, digest: str, plan: ServerPlan) -> Body:
    """A picture within a message. None: the server has it under its name."""
    part: Body = {"type": "image_url", "image_url": None if picture is None else {"url": picture.url}}
    return {**part, "uuid": digest} if plan.named else part
