"""Reads the files of deploy/ as Docker and Kubernetes do, as far as tests need it."""

from __future__ import annotations

import json
import re
import shlex

import yaml

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "deploy/compose.yaml").read_text(encoding="utf-8")
MANIFEST = (ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8")


def stages():
    """Of the Dockerfile: instructions of each stage by its name, those of the stage that it is made from included."""
    found, now = {}, []
    lines = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    for line in filter(str.strip, lines):
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, _, name = rest.split()
            now = found[name] = list(found.get(base, [("FROM", base)]))
        else:
            now.append((word, rest.strip()))
    return found


def last(stage, word):
    """What the last instruction of a kind says in a stage; lists as lists."""
    said = next(rest for one, rest in reversed(stages()[stage]) if one == word)
    return json.loads(said) if said.startswith("[") else said


def healthcheck(stage):
    """The command that the image is looked after with."""
    return json.loads(last(stage, "HEALTHCHECK").split("CMD", 1)[1])


def environment(stage):
    return dict(pair.split("=", 1) for word, rest in stages()[stage] if word == "ENV" for pair in shlex.split(rest))


def interpolated(text, **given):
    """Variables of a compose file filled in; one without a value or a default raises."""

    def value(found):
        name, default = found["name"], found["default"]
        if name in given or default is not None:
            return given.get(name, default)
        raise KeyError(name)

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}", value, text)


def services():
    return yaml.safe_load(interpolated(COMPOSE, JUDGE_MODEL="a/model"))["services"]


def manifest(kind):
    (found,) = [one for one in yaml.safe_load_all(MANIFEST) if one["kind"] == kind]
    return found
