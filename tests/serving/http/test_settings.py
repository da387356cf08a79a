"""The server's settings file: what it names lies beside it, and what there is not is said."""

from __future__ import annotations

import contextlib
import re

import pytest

from judge.errors import UserError
from judge.serving.http.server import listen
from judge.serving.http.settings import ServerSettings, read_settings, server_settings
from tests.conftest import ROOT


def read(tmp_path, text):
    path = tmp_path / "server.yaml"
    path.write_text(text)
    return server_settings(read_settings(path))


def test_files_are_named_from_where_the_settings_lie_and_shipped_names_stay(tmp_path):
    (tmp_path / "house.yaml").write_text("")
    (tmp_path / "next.yaml").write_text("")
    found = read(
        tmp_path,
        "constitutions: [demo, house.yaml, {constitution: house.yaml, shadow: next.yaml}]\nkeys: k.json\nstore: sub/v.db\n",
    )
    house = str(tmp_path / "house.yaml")
    assert [one.constitution for one in found.constitutions] == ["demo", house, house]
    assert found.constitutions[2].shadow == str(tmp_path / "next.yaml")
    assert (found.keys, found.store) == (tmp_path / "k.json", tmp_path / "sub" / "v.db")


def test_a_taken_port_is_said_before_anything_is_loaded():
    with contextlib.closing(listen("127.0.0.1", 0)) as first, pytest.raises(UserError, match="cannot serve on"):
        listen("127.0.0.1", first.getsockname()[1])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("limits: {images: 0}", r"limits\.images"),
        ("surprise: 1", "there are: constitutions, keys"),
        ("limits: {imags: 3}", r"there are: .*\bimages\b"),
        ("constitutions: [{constitution: demo, shdow: a}]", "there are: constitution, "),
        ("constitutions: []", "constitutions"),
        ("constitutions: [{constitution: demo, canary_share: 2}]", "canary_share"),
        ("constitutions: [{constitution: demo, canary_share: 0.1}]", "there is no `canary`"),
        ("once_seconds: 1\nonce_seconds: 2", "'once_seconds' stands twice"),
        ("guardrail: {failure: block, failure: pass}", "'failure' stands twice"),
        ("limits: {seconds: 1e9}", r"limits\.seconds"),
        ("limits: {held_bytes: 1000000000000000}", r"limits\.held_bytes"),
        ("limits: {requests: 1000000000}", r"limits\.requests"),
        ("limits: {waiting: 1000000000}", r"limits\.waiting"),
        ("store_days: 1e300", "store_days"),
        ("reload_seconds: 1e12", "reload_seconds"),
        ("moderation: {needs_review: maybe}", "flagged"),
        ("[", "cannot be read"),
        ("", "holds no settings"),
        ("- a", "holds no settings"),
    ],
)
def test_mistakes_are_said(tmp_path, text, why):
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert re.search(why, str(caught.value))


def test_the_page_shows_every_setting_with_its_default(tmp_path):
    page = (ROOT / "docs/server.md").read_text(encoding="utf-8")
    (shown,) = [one for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "once_seconds" in one]
    found, plain = read(tmp_path, shown), ServerSettings()
    assert found.model_fields_set == set(ServerSettings.model_fields)
    for name in ("store_days", "fetch_urls", "once_seconds", "window_ms", "reload_seconds", "moderation", "guardrail"):
        assert getattr(found, name) == getattr(plain, name), name
    assert found.limits.model_copy(update={"waiting": None}) == plain.limits
    assert found.limits.model_fields_set == set(type(found.limits).model_fields)
