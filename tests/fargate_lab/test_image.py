"""`fargate-lab image`: what there is, what is in it, and the way into a private repository."""

from __future__ import annotations

import json

import pytest

from fargate_lab import own_commands
from labs.endpoint_cloud import EndpointCloud
from labs.images import push

SHOP = "public.ecr.aws/fargate-lab/shop"
REPOSITORY = "fargate-lab/app"


def ask(cloud: EndpointCloud, words: str) -> tuple[int, str, str]:
    ran = own_commands.run(["fargate-lab", "image", *words.split()], cloud.control, cloud)
    return ran.code, ran.stdout, ran.stderr


def test_the_catalogue_for_people_and_for_programs(cloud: EndpointCloud) -> None:
    code, out, _ = ask(cloud, "")
    assert code == 0
    assert out.startswith("docker.io/library/nginx   x86_64, arm64, 72 MB\n  tags latest, stable, ")
    assert "  also public.ecr.aws/nginx/nginx, public.ecr.aws/docker/library/nginx\n" in out
    assert f"{SHOP}   x86_64, 60 MB\n  tags 1.0-amd64\n" in out
    first = json.loads(ask(cloud, "list --json")[1])["images"][0]
    assert first["repository"] == "docker.io/library/nginx"
    assert (first["architectures"], first["size_mb"]) == (["x86_64", "arm64"], 72)


def test_an_image_has_an_index_over_its_manifests(cloud: EndpointCloud) -> None:
    lines = ask(cloud, f"show {SHOP}:1.0")[1].splitlines()
    report = json.loads(ask(cloud, f"show {SHOP}:1.0 --json")[1])
    x86_64, arm64, top = report["manifests"]
    assert lines[:4] == [
        f"{SHOP}:1.0",
        f"{top['digest']}   index",
        f"  {x86_64['digest']}   manifest for x86_64",
        f"  {arm64['digest']}   manifest for arm64",
    ]
    assert report["digest"] == top["digest"]
    assert ask(cloud, f"show {SHOP}@{arm64['digest']}")[1].splitlines()[:2] == [
        SHOP,
        f"{arm64['digest']}   manifest for arm64",
    ]


def test_an_image_of_one_architecture_is_a_manifest(cloud: EndpointCloud) -> None:
    assert ask(cloud, f"show {SHOP}:1.0-amd64")[1].splitlines()[1].endswith("   manifest for x86_64")


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("nginx:1.99", "did you mean docker.io/library/nginx:1.29?"),
        ("nginx:zzz", "tags: latest, stable"),
        ("shopp:1.0", f"did you mean {SHOP}?"),
        ("nginx@sha256:" + "0" * 64, "`fargate-lab image list` tells"),
        ("xyzzy-quux", "`fargate-lab image list` tells"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/a:b", "aws ecr batch-get-image"),
    ],
)
def test_an_image_that_is_not_there(cloud: EndpointCloud, reference: str, says: str) -> None:
    for action in (f"show {reference}", f"push {reference} {REPOSITORY}"):
        code, out, err = ask(cloud, action)
        assert (code, out) == (3, "")
        assert f"there is no image {reference}" in err
        assert says in err


@pytest.mark.parametrize("target", [f"{REPOSITORY}:1.0", "$HOST/" + f"{REPOSITORY}:1.0"])
def test_a_push_is_there_with_the_public_digest(cloud: EndpointCloud, target: str) -> None:
    host = f"{cloud.env['ACCOUNT_ID']}.dkr.ecr.us-east-1.amazonaws.com"
    digest = cloud.images.manifests(f"{SHOP}:1.0")[-1].digest
    code, out, err = ask(cloud, f"push {SHOP}:1.0 {target.replace('$HOST', host)}")
    assert (code, out) == (0, f"{host}/{REPOSITORY}:1.0\n{digest}\n")
    assert err == f"It is there now: {SHOP}:1.0 as {REPOSITORY}:1.0.\n"
    details = cloud.client("ecr").describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.0"}])[
        "imageDetails"
    ]
    assert [each["imageDigest"] for each in details] == [digest]


def test_without_a_tag_it_is_latest_and_a_second_push_changes_nothing(cloud: EndpointCloud) -> None:
    first = json.loads(ask(cloud, f"push nginx:1.27 {REPOSITORY} --json")[1])
    assert first["tag"] == "latest"
    assert json.loads(ask(cloud, f"push nginx:1.27 {REPOSITORY} --json")[1]) == first


def test_a_digest_of_one_manifest_can_be_pushed_alone(cloud: EndpointCloud) -> None:
    manifest = cloud.images.manifests(f"{SHOP}:1.0")[1]
    assert push(cloud, f"{SHOP}@{manifest.digest}", REPOSITORY, "arm") == manifest.digest
    assert len(cloud.client("ecr").describe_images(repositoryName=REPOSITORY)["imageDetails"]) == 1


def test_what_ecr_refuses_is_told_with_what_to_do(cloud: EndpointCloud) -> None:
    code, _, err = ask(cloud, "push nginx:1.27 nope")
    assert code == 3
    assert "The repository with name 'nope' does not exist in the registry with id" in err
    assert "aws ecr create-repository --repository-name nope" in err
    cloud.client("ecr").put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    assert ask(cloud, f"push nginx:1.27 {REPOSITORY}:1")[0] == 0
    code, _, err = ask(cloud, f"push nginx:1.26 {REPOSITORY}:1")
    assert code == 3
    assert "cannot be overwritten because the tag is immutable." in err
    assert "another tag" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("list nginx", "takes no image"),
        ("show", "takes an image"),
        ("push nginx", "takes an image and a repository"),
        ("push nginx a@b", "'a@b' is no repository with a tag"),
        ("push nginx a:", "'a:' is no repository with a tag"),
        ("push nginx 000000000000.dkr.ecr.us-east-1.amazonaws.com/a", "is not in this account's registry"),
        ("pull nginx", "invalid choice"),
    ],
)
def test_words_that_mean_nothing(cloud: EndpointCloud, words: str, says: str) -> None:
    code, out, err = ask(cloud, words)
    assert (code, out) == (2, "")
    assert says in err
