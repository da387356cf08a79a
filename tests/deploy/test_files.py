"""The files of deploy/ are well formed, say the same as each other and as the server, and give no more than is needed."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sysconfig
import tomllib

import pytest
import yaml

from judge.locks.loading import load_policy
from judge.serving.http.server import FINISHING
from judge.serving.http.settings import RequestLimits, read_settings
from tests.conftest import ROOT
from tests.deploy.reading import (
    COMPOSE,
    MANIFEST,
    environment,
    healthcheck,
    interpolated,
    last,
    manifest,
    services,
    stages,
)
from tests.needs import missing, needs

GRACE = RequestLimits().seconds + FINISHING


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))  # of this environment, active or not
    if not hadolint:
        missing("hadolint is not installed: pip install -e '.[ci]' brings it")
    done = subprocess.run([hadolint, ROOT / "deploy/Dockerfile"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_an_image_is_nobodys_in_particular_and_takes_only_what_was_built(target):
    assert list(stages())[-1] == "cpu"
    assert last(target, "USER") == "10001:10001"
    assert last(target, "ENTRYPOINT") == ["judge"]
    assert healthcheck(target)[0] == "python"
    written = [one for name, one in environment(target).items() if name.endswith(("HOME", "_DIR"))]
    assert len(written) >= 4 and all(one.split("/")[1] == "cache" for one in written)
    assert not [rest for word, rest in stages()[target] if word in ("COPY", "ADD")]
    assert not [rest for word, rest in stages()[target] if word == "RUN" and "huggingface" in rest]


def test_the_builder_is_sent_the_wheels_parts_its_constraints_and_no_more():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    sent = {line[1:] for line in lines if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    packed = [*wheel["packages"], *wheel["force-include"], "README.md", *project["project"]["license-files"]]
    assert (
        lines[lines.index("*")] == "*"
        and {one.split("/")[0] for one in packed} | {"pyproject.toml", "constraints.txt"} == sent
    )
    assert not any(fnmatch.fnmatch(one, "*.json") or one.startswith(".") for one in sent)


def test_the_compose_file_is_one_and_waits_for_vllm():
    spec = needs("compose_spec").PyCompose
    text = interpolated(COMPOSE, JUDGE_MODEL="a/model")
    assert sorted(spec.from_yaml(text).service_names()) == ["judge", "vllm"]
    with pytest.raises(Exception, match="service_fit"):
        spec.from_yaml(text.replace("service_healthy", "service_fit"))


def test_vllm_is_of_the_version_that_judging_is_tried_with():
    """Its images are tagged with a `v` before the version of its package."""
    tried = re.search(r"^version=(\S+)$", (ROOT / "tools/serve_bundled_vllm.sh").read_text(), re.MULTILINE)[1]
    assert f"vllm/vllm-openai:${{VLLM_VERSION:-v{tried}}}" in COMPOSE


def test_compose_gives_the_server_no_more_than_it_needs():
    with pytest.raises(KeyError, match="JUDGE_MODEL"):
        interpolated(COMPOSE)
    judge, vllm = services()["judge"], services()["vllm"]
    assert judge["depends_on"]["vllm"]["condition"] == "service_healthy" and vllm["healthcheck"]["test"]
    assert judge["read_only"] and judge["cap_drop"] == ["ALL"] and "privileged" not in judge
    assert judge["build"]["target"] in stages() and judge["build"]["dockerfile"] == "deploy/Dockerfile"
    writable = [one for one in judge["volumes"] if not one.endswith(":ro")]
    assert (writable, judge["tmpfs"]) == (["cache:/cache"], ["/tmp"])
    assert float(judge["stop_grace_period"].rstrip("s")) > GRACE
    port = vllm["command"][vllm["command"].index("--port") + 1]
    assert f"--model=http://vllm:{port}/v1" in judge["command"] and f":{port}/health" in vllm["healthcheck"]["test"][-1]
    assert all(one.startswith("127.0.0.1:") for one in judge["ports"]) and "ports" not in vllm


def test_the_manifest_is_valid():
    check = needs("kubernetes_validate")
    for one in yaml.safe_load_all(MANIFEST):
        check.validate(one, check.latest_version(), strict=True)
    broken = manifest("Deployment")
    broken["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(check.ValidationError):
        check.validate(broken, check.latest_version(), strict=True)


def test_the_parts_of_the_manifest_fit_each_other():
    spec = manifest("Deployment")["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    (container,) = pod["containers"]
    assert labels == spec["selector"]["matchLabels"] == manifest("Service")["spec"]["selector"]
    (port,) = container["ports"]
    assert manifest("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    mounts = {one["name"]: one for one in container["volumeMounts"]}
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert {mounts[name]["mountPath"] for name, one in volumes.items() if "emptyDir" in one} == {"/cache", "/tmp"}
    assert all(mounts[name]["readOnly"] for name, one in volumes.items() if "emptyDir" not in one)
    assert volumes["rules"]["configMap"]["name"] == manifest("ConfigMap")["metadata"]["name"]
    assert not any("subPath" in one for one in mounts.values()), "what is mounted so never changes"
    page = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    assert f"kubectl create secret generic {volumes['keys']['secret']['secretName']} --from-file=keys.json" in page


def test_the_pod_may_do_nothing():
    pod = manifest("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == last("cpu", "USER")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"].keys() == {"cpu", "memory"}
    assert pod["terminationGracePeriodSeconds"] > GRACE + 5


def test_a_map_that_is_changed_is_seen_through_the_links_that_kubernetes_makes(tmp_path):
    rules = manifest("ConfigMap")["data"]
    for version, change in (("one", ("0.1.0", "0.1.0")), ("two", ("0.1.0", "0.2.0"))):
        (tmp_path / version).mkdir()
        for name, text in rules.items():
            (tmp_path / version / name).write_text(text.replace(*change))
    for name in rules:
        (tmp_path / name).symlink_to(f"..data/{name}")
    (tmp_path / "..data").symlink_to("one")
    (named,) = read_settings(tmp_path / "server.yaml")["constitutions"]
    assert load_policy(named["constitution"]).constitution.version == "0.1.0"
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").rename(tmp_path / "..data")
    assert load_policy(named["constitution"]).constitution.version == "0.2.0"
