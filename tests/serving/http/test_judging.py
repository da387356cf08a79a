"""`POST /v1/judge` of a real server with the bundled model: what it says is what the judge says, however it is asked."""

from __future__ import annotations

import base64
import json

import pytest

from tests.serving.http.conftest import DRAWINGS

VIOLATING = next(one for one in DRAWINGS if one.name == "body-on-fire-violating.png")


@pytest.fixture(scope="module")
def expected(_own_cache):
    from judge import load_judge

    return [one.model_dump_json(exclude={"timings"}) for one in load_judge("demo").judge_many(map(str, DRAWINGS))]


def files(*paths):
    return [("image", (str(path), path.read_bytes())) for path in paths]


def test_all_drawings_have_byte_for_byte_the_verdicts_of_the_judge_itself(real, expected):
    """In batches of eight, as the judge puts them together: others in a batch may change the sixth decimal."""
    assert len(DRAWINGS) == 36
    found = []
    for start in range(0, 36, 8):
        answer = real.http.post("/v1/judge", files=files(*DRAWINGS[start : start + 8]), data={"stream": "true"})
        assert answer.status_code == 200, answer.text
        found += sorted(answer.content.splitlines(), key=lambda line: json.loads(line)["index"])
    for line, verdict in zip(found, expected, strict=True):
        said = line[line.index(b'"verdict": ') + 11 :]
        assert said[: said.index(b',"timings":')] + b"}" == verdict.encode()


@pytest.mark.parametrize("form", ["base64", "data URI", "object"])
def test_an_image_may_come_as_text(real, form):
    text = base64.b64encode(VIOLATING.read_bytes()).decode()
    given = {"base64": text, "data URI": f"data:image/png;base64,{text}", "object": {"data": text, "name": "x"}}[form]
    answer = real.http.post("/v1/judge", json={"image": given, "detail": "summary"})
    assert answer.status_code == 200, answer.text
    (verdict,) = answer.json()["verdicts"]
    assert (verdict["verdict"], verdict["violations"]) == ("violation", ["body-on-fire"])
    assert verdict["image"] == ("x" if form == "object" else "image 1")


def test_a_stream_has_a_line_for_each_image_with_its_place(real):
    answer = real.http.post("/v1/judge", files=files(*DRAWINGS[:3]), data={"stream": "true", "detail": "summary"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(line["index"] for line in lines) == [0, 1, 2]
    assert all(line["verdict"]["image"] == str(DRAWINGS[line["index"]]) for line in lines)


def test_what_is_no_image_goes_to_a_person_and_stops_no_other(real):
    answer = real.http.post("/v1/judge", files=[("image", ("broken.png", b"nonsense")), *files(VIOLATING)])
    broken, fine = answer.json()["verdicts"]
    assert (broken["verdict"], broken["causes"], broken["failure"]["kind"]) == ("needs_review", ["unreadable"], "image")
    assert fine["verdict"] == "violation"
