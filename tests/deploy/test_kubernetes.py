"""The definitions for Kubernetes, held against the published schemas of its API and against what the rooms need."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from support.proxy import FOLDER, Proxy, needs_nginx, rooms_conf

from fargate_lab.classroom.where import room_number

DEPLOY = FOLDER.parent
VERSION = "1.34.0"
"""The version of Kubernetes whose schemas are taken; the oldest that is good enough is 1.29, for `ReadWriteOncePod`."""


@cache
def manifests() -> dict[str, dict[str, Any]]:
    """All of them, by kind and name."""
    found = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            found[f"{each['kind']}/{each['metadata']['name']}"] = each
    return found


def specs() -> list[dict[str, Any]]:
    return [each["spec"] for each in manifests().values() if "spec" in each]


def pods() -> list[dict[str, Any]]:
    return [each["template"]["spec"] for each in specs() if "template" in each]


@pytest.mark.parametrize("name", list(manifests()))
@pytest.mark.parametrize("version", ["1.29.0", VERSION])
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    kubernetes_validate.validate(manifests()[name], version, strict=True)


def test_a_field_that_is_none_would_be_found() -> None:
    wrong = {**manifests()["Service/rooms"], "spec": {"clusterIp": "None"}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_what_is_put_together_is_all_there_is_and_is_where_it_is_looked_for() -> None:
    # [C] kubectl.docs.kubernetes.io/references/kustomize/kustomization: fields, `configMapGenerator.files` as [key=]path
    together = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text(encoding="utf-8"))
    assert set(together) <= {"apiVersion", "kind", "namespace", "resources", "configMapGenerator", "images"}
    resources = {DEPLOY / name for name in together["resources"]}
    assert resources == set((DEPLOY / "kubernetes").glob("*.yaml"))
    (generated,) = together["configMapGenerator"]
    files = dict(
        each.split("=") if "=" in each else (each.split("/")[-1], each) for each in generated["files"]
    )
    assert (DEPLOY / files["nginx.conf"]).samefile(FOLDER / "nginx.conf")
    assert (DEPLOY / files["rooms.conf"]).is_file()
    volumes = manifests()["Deployment/proxy"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "configuration", "configMap": {"name": generated["name"]}} in volumes
    used = {each["image"].split(":")[0] for pod in pods() for each in pod["containers"]}
    assert {each["name"] for each in together["images"]} <= used
    for each in manifests().values():
        assert each["metadata"].get("namespace", together["namespace"]) == together["namespace"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl; the test above needs none")
def test_kustomize_puts_it_together() -> None:
    done = subprocess.run(["kubectl", "kustomize", str(DEPLOY)], capture_output=True, text=True, check=True)
    together = {
        f"{each['kind']}/{each['metadata']['name']}": each for each in yaml.safe_load_all(done.stdout)
    }
    configuration = next(each for name, each in together.items() if name.startswith("ConfigMap/proxy-"))
    assert configuration["data"] == {
        "nginx.conf": (FOLDER / "nginx.conf").read_text(encoding="utf-8"),
        "rooms.conf": (DEPLOY / "kubernetes" / "rooms.conf").read_text(encoding="utf-8"),
    }
    volumes = together["Deployment/proxy"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "configuration", "configMap": {"name": configuration["metadata"]["name"]}} in volumes
    for each in together.values():
        kubernetes_validate.validate(each, VERSION, strict=True)
        assert each["metadata"].get("namespace", "fargate-lab") == "fargate-lab"


def test_pods_are_what_a_restricted_namespace_lets_in() -> None:
    # [C] kubernetes.io/docs/concepts/security/pod-security-standards, "Restricted"
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        assert pod["automountServiceAccountToken"] is False
        assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {"emptyDir", "configMap"}
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_services_policies_and_budgets_are_about_pods_that_there_are() -> None:
    labels = [each["template"]["metadata"]["labels"] for each in specs() if "template" in each]
    both = [(each.get("selector"), each.get("podSelector")) for each in specs()]
    selectors = [found for pair in both for found in pair if found]
    assert len(selectors) == 8
    for selector in selectors:
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= each.items() for each in labels), selector


def test_every_pod_knows_which_room_it_is_and_the_proxy_where_it_is() -> None:
    rooms = manifests()["StatefulSet/rooms"]["spec"]
    args = rooms["template"]["spec"]["containers"][0]["args"]
    count = rooms["replicas"]
    assert args[args.index("--rooms") + 1] == str(count)
    assert args[args.index("--room") + 1] == "auto"
    names = [f"rooms-{number}" for number in range(count)]
    assert [room_number("auto", {"HOSTNAME": name}) for name in names] == [1, 2]
    addresses = [f"{name}.{rooms['serviceName']}.fargate-lab.svc.cluster.local:8700" for name in names]
    written = rooms_conf(*addresses, RESOLVER="kube-dns.kube-system.svc.cluster.local")
    assert (DEPLOY / "kubernetes" / "rooms.conf").read_text(encoding="utf-8") == written


@needs_nginx
def test_nginx_takes_the_rooms_of_the_cluster(tmp_path: Any) -> None:
    text = (DEPLOY / "kubernetes" / "rooms.conf").read_text(encoding="utf-8")
    # Outside of a cluster there is no such name server.
    text, changed = re.subn(r"resolver kube-dns\S+", "resolver 127.0.0.1", text)
    assert changed == 1
    with Proxy(tmp_path, text):
        pass


def test_a_room_is_open_once_and_ends_in_order() -> None:
    rooms = manifests()["StatefulSet/rooms"]["spec"]
    claim = rooms["volumeClaimTemplates"][0]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    pod = rooms["template"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert mounts == {"class": "/data", "tmp": "/tmp"}
    assert claim["metadata"]["name"] in mounts
    assert pod["shareProcessNamespace"] is True
    # The entry point of the image stays: `args` are its words.
    assert "command" not in pod["containers"][0]
    assert pod["terminationGracePeriodSeconds"] >= 60
