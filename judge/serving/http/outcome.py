"""Who asks, and what came of an image, for whoever tells it: routes, counters, the store. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

    from judge.serving.http.keys import Bucket
    from judge.serving.http.policies import Active, ServedPolicy
    from judge.serving.http.service import Service
    from judge.serving.http.worker import JudgedImage


def service_of(request: Request) -> Service:
    """The service of the app that has a request."""
    service: Service = request.app.state.service
    return service


@dataclass(frozen=True)
class Asker:
    """Who asks. bucket: bounds how many images it may send, if anything does."""

    name: str
    bucket: Bucket | None = None

    @classmethod
    def of(cls, request: Request) -> Asker:
        """Whose request it is, as the gate found out."""
        bucket = service_of(request).bucket(request.scope.get("api_key"))
        return cls(request.scope["client_name"], bucket)

    def count(self, images: int) -> None:
        """It has sent so many."""
        if self.bucket is not None:
            self.bucket.take(images)


@dataclass(frozen=True)
class ImageOutcome:
    """What came of one image of a request. id: of this verdict. repeated: whether it was judged for another one. kept:
    False where it was to be kept and could not be."""

    id: str
    name: str
    sha256: str
    judged: JudgedImage
    active: Active
    served: ServedPolicy
    repeated: bool
    kept: bool = True

    @property
    def verdict(self) -> bytes:
        """The verdict as JSON."""
        return self.judged.named(self.name)
