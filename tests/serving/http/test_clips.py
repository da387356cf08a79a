"""Clips at the server: verdicts, bounds, and what its client makes of them."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from judge.cli.verbs import app
from judge.client import Client
from judge.clip_verdict import ClipVerdict
from judge.errors import UserError
from judge.media.clips.wanted import Wanted
from judge.serving.http import intake, worker
from judge.serving.http.clipping import clip_judged
from judge.serving.http.worker import Loaded, LoadPolicy
from judge.serving.turns import Turns
from judge.settings import Limits, Settings
from tests.judging.clips.eyes import RED, judge_of
from tests.judging.scenes import png
from tests.media.clips.films import film, plain
from tests.serving.http.running import provenance_of, serving

CLIP = film([plain("white")] * 5 + [plain("red")] * 10)


class RedProcess:
    """In the place of a process: judges by what is red, in this one."""

    pid, silence = 1, 0.0

    def __init__(self, settings, threads):
        self.judge, self.busy = judge_of(RED, clips=settings.clips.model_dump()), Turns()

    async def ask(self, order, seconds):
        if isinstance(order, LoadPolicy):
            return Loaded(provenance_of(order.policy), ())
        return worker.judge_all(self.judge, order)

    async def ask_clip(self, order, seconds):
        return await asyncio.to_thread(clip_judged, self.judge, order, self.busy, Wanted())

    def drop_clip(self):
        pass

    def end(self):
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory, _own_cache):
    store = tmp_path_factory.mktemp("store") / "verdicts.sqlite"
    judging = Settings(limits=Limits(file_bytes=100_000))
    with serving({"store": str(store)}, judging, RedProcess) as running:
        yield running


def test_a_clip_beside_images_has_a_verdict_in_its_place(server):
    files = [("image", ("a.png", png())), ("image", ("b.jpg", CLIP)), ("image", ("c.png", png(colour="red")))]
    answer = server.http.post("/v1/judge", files=files)
    verdicts = answer.json()["verdicts"]
    assert [one["verdict"] for one in verdicts] == ["no_violation", "violation", "violation"]
    clip = ClipVerdict.model_validate(verdicts[1])
    assert (clip.clip, clip.ranges(), clip.looked_at) == ("b.jpg", ("red 500-1500",), 1.0)
    assert clip.limits.frames == 60
    kept = server.http.get(f"/v1/verdicts/{answer.json()['ids'][1]}")
    assert ClipVerdict.model_validate_json(kept.content) == clip
    short = server.http.post("/v1/judge", files=files[1:2], data={"detail": "summary"}).json()["verdicts"]
    assert (short[0]["image"], short[0]["violations"]) == ("b.jpg", ["red"])


def test_the_client(server, tmp_path):
    path = tmp_path / "clip"
    path.write_bytes(CLIP)
    with Client(server.url) as client:
        assert client.judge_clip(path).ranges() == ("red 500-1500",)
        found = list(client.judge_all([png(), path]))
        assert [isinstance(one, ClipVerdict) for one in found] == [False, True]
        (as_image,) = client.judge_many([path])
        assert (as_image.verdict, as_image.reasons) == ("needs_review", ("a clip, not an image",))
        with pytest.raises(UserError, match="is no clip"):
            client.judge_clip(png())


def test_what_is_not_taken_is_said(server, monkeypatch):
    large = server.http.post("/v1/judge", files={"image": ("long.mp4", CLIP + bytes(100_000))})
    assert (large.status_code, large.json()["detail"]) == (413, "long.mp4: a clip of more than 100000 bytes")
    monkeypatch.setattr(intake, "find_spec", lambda name: None)
    lacking = server.http.post("/v1/judge", files={"image": ("b.mp4", CLIP)})
    assert (lacking.status_code, "[video]" in lacking.json()["hint"]) == (415, True)


def test_a_server_for_images_only_leaves_clips_to_a_person_and_judges_the_rest(tmp_path):
    with serving({"limits": {"clip_frames": 0}}, Settings(), RedProcess) as running:
        refused = running.http.post("/v1/judge", files={"image": ("b.mp4", CLIP)})
        assert refused.status_code == 415
        assert refused.json()["detail"] == "b.mp4: a clip, and this server judges images only"
        assert running.http.post("/v1/judge", files={"image": ("a.png", png())}).status_code == 200
        (tmp_path / "b.mp4").write_bytes(CLIP)
        (tmp_path / "c.png").write_bytes(png(colour="red"))
        with Client(running.url) as client:
            before, clip, after = client.judge_all([png(), tmp_path / "b.mp4", tmp_path / "c.png"])
            with pytest.raises(UserError, match="this server judges images only"):
                client.judge_clip(CLIP)
        assert (before.verdict, after.verdict) == ("no_violation", "violation"), "one clip stops no other"
        assert (clip.verdict, clip.image) == ("needs_review", str(tmp_path / "b.mp4"))
        assert clip.failure.message == "a clip, and this server judges images only"
        assert clip.failure.hint == "send frames of it as images" and not clip.failure.retryable
        lines = CliRunner().invoke(app, ["check", "--json", "--server", running.url, str(tmp_path)]).stdout
        assert [json.loads(line)["verdict"] for line in lines.splitlines()] == ["needs_review", "violation"]
