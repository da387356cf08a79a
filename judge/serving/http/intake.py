"""The bytes of an image of a request: fetched where it is an address, refused where it is a clip that is not judged.

Knows no judge.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from judge.files import size
from judge.media.clips.sniffing import HEAD, is_clip
from judge.serving.http.fetching import fetch
from judge.serving.http.problems import ApiProblem

if TYPE_CHECKING:
    from judge.serving.http.reading import Given
    from judge.serving.http.settings import ServerSettings


class Intake:
    """file_bytes: most of a clip, and of what is fetched."""

    def __init__(self, settings: ServerSettings, file_bytes: int) -> None:
        self._settings, self._file_bytes = settings, file_bytes

    async def bytes_of(self, image: Given, *, clips: bool = True) -> bytes:
        """The bytes of an image. clips: whether they may be a clip.

        Raises:
            ApiProblem: it cannot be fetched, or is not taken.
        """
        data = image.data if image.url is None else await self._fetched(image)
        if is_clip(data[:HEAD]):
            if not clips:
                detail = f"{image.name}: a clip, and of offence images are asked only"
                raise ApiProblem(422, "invalid-request", detail, hint="have it judged without `offence`")
            self._check_clip(image.name, data)
        return data

    async def _fetched(self, image: Given) -> bytes:
        if not self._settings.fetch_urls:
            hint = "send its bytes, as a part of a form or in base64"
            raise ApiProblem(422, "urls-not-fetched", f"{image.name}: this server fetches no addresses", hint=hint)
        try:
            return await fetch(image.url or "", self._file_bytes)
        except ApiProblem as problem:
            detail = f"{image.name}: {problem.detail}"
            raise ApiProblem(problem.status, problem.slug, detail, retry_after=problem.retry_after) from problem

    def _check_clip(self, name: str, data: bytes) -> None:
        """Refuse a clip where none are judged, and one that is too large to be."""
        if not self._settings.limits.clip_frames:
            hint = "send frames of it as images"
            raise ApiProblem(415, "clips-not-judged", f"{name}: a clip, and this server judges images only", hint=hint)
        if find_spec("av") is None:
            hint = "pip install 'constitution-judge[video]' where it runs"
            raise ApiProblem(
                415, "clips-not-judged", f"{name}: a clip, and the server lacks the package 'av'", hint=hint
            )
        if len(data) > self._file_bytes:
            most = f"{name}: a clip of more than {size(self._file_bytes)}"
            raise ApiProblem(413, "clip-too-large", most, hint="cut it into parts, or shrink it")
