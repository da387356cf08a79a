"""What can be asked of the server beside verdicts on images: its constitutions, verdicts that it kept, its state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from judge.serving.http import metrics
from judge.serving.http.outcome import service_of
from judge.serving.http.problems import ApiProblem
from judge.serving.http.store import StoreTrouble

if TYPE_CHECKING:
    from judge.serving.http.policies import ServedPolicy, Side

router = APIRouter()
_OF_A_RULE = {"id", "category", "severity", "status"}


@router.get("/v1/constitutions", tags=["judge"])
async def constitutions(request: Request) -> dict[str, Any]:
    """Constitutions that the server judges by; the first where a request names none."""
    return {"constitutions": [_told(name, served) for name, served in service_of(request).policies]}


@router.get("/v1/verdicts/{identity}", tags=["judge"])
async def verdict(identity: str, request: Request) -> Response:
    """A verdict that was given before, where they are kept: one's own, or anybody's with the scope `admin`."""
    store = service_of(request).store
    if store is None:
        raise ApiProblem(404, "not-kept", "this server keeps no verdicts", hint="`store:` in its settings turns it on")
    try:
        kept = await store.get(identity)
    except StoreTrouble as trouble:
        detail = "the file of verdicts cannot be read now"
        raise ApiProblem(503, "store-unreadable", detail, retry_after=1.0) from trouble
    key = request.scope.get("api_key")
    if kept is None or (key is not None and kept.client != key.name and not key.may("admin")):
        raise ApiProblem(404, "unknown-verdict", f"no verdict '{identity[:80]}' is kept")
    at = datetime.fromtimestamp(kept.at, UTC).isoformat()
    return Response(kept.body, media_type="application/json", headers={"x-judged-at": at})


@router.get("/healthz", tags=["state"])
async def healthz() -> dict[str, str]:
    """Whether the server answers at all."""
    return {"status": "ok"}


@router.get("/readyz", tags=["state"])
async def readyz(request: Request) -> Response:
    """Whether images would be judged now."""
    service = service_of(request)
    if why := service.trouble:
        raise ApiProblem(503, "not-ready", why, retry_after=1.0)
    return JSONResponse({"status": "ready", "processes": service.engine.ready, "waiting": service.engine.waiting})


@router.get("/metrics", tags=["state"])
async def counted(request: Request) -> Response:
    """What the server counts, for Prometheus."""
    return Response(service_of(request).page(), media_type=metrics.MEDIA)


def _told(name: str, served: ServedPolicy) -> dict[str, Any]:
    told = {"name": name, **_side(served.main)}
    if served.shadow is not None:
        told["shadow"] = _side(served.shadow)
    if served.canary is not None:
        told["canary"] = {"share": served.settings.canary_share, **_side(served.canary)}
    for side, one in (("shadow", served.shadow), ("canary", served.canary)):
        if one is not None and one.trouble is not None:  # whoever looks at the top only is to see it
            told |= {"stale": True, "trouble": told["trouble"] or f"{side}: {one.trouble}"}
    return told


def _side(side: Side) -> dict[str, Any]:
    active, constitution = side.now, side.now.policy.constitution
    return {
        "version": constitution.version,
        "description": constitution.description,
        "language": constitution.language,
        "digest": active.provenance.constitution_digest,
        "lock_digest": active.provenance.lock_digest,
        "loaded_at": active.since.isoformat(),
        "stale": side.trouble is not None,
        "trouble": side.trouble,
        "models": [one.model_dump(mode="json") for one in active.provenance.models],
        "rules": [
            {
                "id": rule.id,
                "rule": rule.text,
                "category": rule.category,
                "severity": rule.severity,
                "status": rule.status,
            }
            for rule in constitution.rules
        ],
    }
