"""ECR over its own API: content-addressed, complete or refused, and tags that move."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fargate_sim.images import default_catalogue
from fargate_sim.model.manifests import CONFIG_TYPE, INDEX_TYPE, MANIFEST_TYPE, digest_of

from .conftest import Offline

REPOSITORY = "fargate-lab/app"
SHOP = "public.ecr.aws/fargate-lab/shop"
AMD64_ONLY = f"{SHOP}:1.0-amd64"


def push(ecr: Any, reference: str, tag: str, repository: str = REPOSITORY) -> str:
    """What `docker push` does, by hand: the manifests, then what lists them."""
    contents = default_catalogue().contents(reference)
    assert contents is not None
    for child in contents.children:
        with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):
            ecr.put_image(repositoryName=repository, imageManifest=child.text)
    answer = ecr.put_image(repositoryName=repository, imageManifest=contents.top.text, imageTag=tag)
    return str(answer["image"]["imageId"]["imageDigest"])


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def ecr(offline: Offline) -> Any:
    offline.env()
    return offline.client("ecr")


def test_a_digest_is_that_of_the_manifests_bytes(ecr: Any) -> None:
    digest = push(ecr, f"{SHOP}:1.0", "a")
    assert digest == default_catalogue().resolve(f"{SHOP}:1.0").digest  # type: ignore[union-attr]
    (image,) = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "a"}])["images"]
    assert digest_of(image["imageManifest"]) == digest == image["imageId"]["imageDigest"]
    assert image["imageManifestMediaType"] == INDEX_TYPE


def test_the_same_content_has_the_same_digest_in_every_repository(ecr: Any) -> None:
    ecr.create_repository(repositoryName="other")
    assert push(ecr, "nginx:1.27", "a") == push(ecr, "public.ecr.aws/nginx/nginx:1.27", "b", "other")


def test_the_retag_recipe(ecr: Any) -> None:
    digest = push(ecr, AMD64_ONLY, "a")
    (image,) = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "a"}])["images"]
    answer = ecr.put_image(repositoryName=REPOSITORY, imageTag="b", imageManifest=image["imageManifest"])
    assert answer["image"]["imageId"] == {"imageDigest": digest, "imageTag": "b"}
    (detail,) = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert detail["imageTags"] == ["a", "b"]


def test_an_image_has_the_size_of_its_layers_and_an_index_that_of_its_largest(ecr: Any) -> None:
    push(ecr, f"{SHOP}:1.0", "a")
    details = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert [each["imageSizeInBytes"] for each in details] == [60_000_000] * 3
    assert [each.get("artifactMediaType") for each in details] == [CONFIG_TYPE, CONFIG_TYPE, None]
    assert [each["imagePushedAt"].isoformat() for each in details] == ["2026-01-01T09:00:00+00:00"] * 3


def test_layers_that_are_nowhere_are_refused_by_name(ecr: Any, offline: Offline) -> None:
    contents = default_catalogue().contents(AMD64_ONLY)
    assert contents is not None
    document = json.loads(contents.top.text)
    absent = document["layers"][0]["digest"] = digest_of("nobody has this")
    assert refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=json.dumps(document)) == (
        "LayersNotFoundException",
        f"Layers with digests '[{absent}]' required for pushing image into repository with name '{REPOSITORY}' "
        f"in the registry with id '{offline.cloud.account}' do not exist",
    )


def test_layers_that_were_uploaded_to_the_repository_are_there(ecr: Any) -> None:
    blob = b"a layer of mine"
    upload = ecr.initiate_layer_upload(repositoryName=REPOSITORY)["uploadId"]
    ecr.upload_layer_part(
        repositoryName=REPOSITORY,
        uploadId=upload,
        partFirstByte=0,
        partLastByte=len(blob) - 1,
        layerPartBlob=blob,
    )
    ecr.complete_layer_upload(repositoryName=REPOSITORY, uploadId=upload, layerDigests=[digest_of(blob)])
    mine = {"mediaType": CONFIG_TYPE, "digest": digest_of(blob), "size": len(blob)}
    text = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": mine, "layers": [mine]})
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=text, imageTag="mine")
    (detail,) = ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"]
    assert (detail["imageDigest"], detail["imageSizeInBytes"]) == (digest_of(text), len(blob))
    ecr.create_repository(repositoryName="other")
    assert refusal(ecr.put_image, repositoryName="other", imageManifest=text)[0] == "LayersNotFoundException"


def test_an_index_of_manifests_that_are_not_in_the_repository_is_refused(ecr: Any, offline: Offline) -> None:
    contents = default_catalogue().contents(f"{SHOP}:1.0")
    assert contents is not None
    first, second = contents.children
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=first.text)
    assert refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=contents.top.text) == (
        "ReferencedImagesNotFoundException",
        f"Images with digests '[{second.digest}]' required for pushing image into repository with name '{REPOSITORY}' "
        f"in the registry with id '{offline.cloud.account}' do not exist",
    )


def test_the_same_manifest_and_tag_again(ecr: Any, offline: Offline) -> None:
    digest = push(ecr, AMD64_ONLY, "a")
    text = default_catalogue().contents(AMD64_ONLY).top.text  # type: ignore[union-attr]
    code, message = refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=text, imageTag="a")
    assert code == "ImageAlreadyExistsException"
    assert message == (
        f"Image with digest '{digest}' and tag 'a' already exists in the repository with name '{REPOSITORY}' "
        f"in registry with id '{offline.cloud.account}'"
    )
    assert refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=text)[0] == code


def test_a_tag_that_moves_leaves_the_old_image_untagged(ecr: Any) -> None:
    old = push(ecr, AMD64_ONLY, "live")
    new = push(ecr, f"{SHOP}:1.1", "live")
    assert ecr.list_images(repositoryName=REPOSITORY, filter={"tagStatus": "TAGGED"})["imageIds"] == [
        {"imageDigest": new, "imageTag": "live"}
    ]
    untagged = ecr.list_images(repositoryName=REPOSITORY, filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert {"imageDigest": old} in untagged
    details = ecr.describe_images(repositoryName=REPOSITORY, filter={"tagStatus": "UNTAGGED"})["imageDetails"]
    assert len(details) == len(untagged) == 3
    assert not any("imageTags" in each for each in details)


def test_an_immutable_tag_does_not_move(ecr: Any) -> None:
    push(ecr, AMD64_ONLY, "v1")
    ecr.put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    text = default_catalogue().contents(AMD64_ONLY).top.text  # type: ignore[union-attr]
    with pytest.raises(ClientError) as caught:
        push(ecr, f"{SHOP}:1.1", "v1")
    assert caught.value.response["Error"] == {
        "Code": "ImageTagAlreadyExistsException",
        "Message": f"The image tag 'v1' already exists in the '{REPOSITORY}' repository and "
        "cannot be overwritten because the tag is immutable.",
    }
    again = refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=text, imageTag="v1")
    assert again[0] == "ImageTagAlreadyExistsException"
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=text, imageTag="v2")


def test_tags_that_an_exclusion_filter_matches_follow_the_other_rule(ecr: Any) -> None:
    ecr.put_image_tag_mutability(
        repositoryName=REPOSITORY,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "dev-*"}],
    )
    for tag in ("v1", "dev-1"):
        push(ecr, f"{SHOP}:1.0", tag)
    push(ecr, f"{SHOP}:1.1", "dev-1")
    with pytest.raises(ClientError, match="ImageTagAlreadyExistsException"):
        push(ecr, f"{SHOP}:1.1", "v1")


def test_a_digest_that_is_not_that_of_the_manifest_is_refused(ecr: Any) -> None:
    text = default_catalogue().contents(AMD64_ONLY).top.text  # type: ignore[union-attr]
    code, _ = refusal(
        ecr.put_image, repositoryName=REPOSITORY, imageManifest=text, imageDigest=digest_of("something else")
    )
    assert code == "ImageDigestDoesNotMatchException"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": 1, "layers": []}', '{"manifests": [1]}'])
def test_what_is_no_manifest_is_refused(ecr: Any, text: str) -> None:
    code, _ = refusal(ecr.put_image, repositoryName=REPOSITORY, imageManifest=text, imageTag="a")
    assert code == "InvalidParameterException"


def test_a_repository_that_is_not_there(ecr: Any, offline: Offline) -> None:
    text = default_catalogue().contents(AMD64_ONLY).top.text  # type: ignore[union-attr]
    where = {"repositoryName": "nope"}
    expected = (
        "RepositoryNotFoundException",
        f"The repository with name 'nope' does not exist in the registry with id '{offline.cloud.account}'",
    )
    assert refusal(ecr.put_image, **where, imageManifest=text) == expected
    assert refusal(ecr.batch_get_image, **where, imageIds=[{"imageTag": "a"}]) == expected
    assert refusal(ecr.describe_images, **where) == expected
    assert refusal(ecr.batch_delete_image, **where, imageIds=[{"imageTag": "a"}]) == expected


def test_a_token_is_valid_for_twelve_hours(ecr: Any) -> None:
    (token,) = ecr.get_authorization_token()["authorizationData"]
    assert token["expiresAt"].isoformat() == "2026-01-01T21:00:00+00:00"


class TestBatchGetImage:
    def test_by_digest_also_of_a_manifest_in_an_index(self, ecr: Any) -> None:
        push(ecr, f"{SHOP}:1.0", "a")
        child = default_catalogue().contents(f"{SHOP}:1.0").children[0]  # type: ignore[union-attr]
        answer = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": child.digest}])
        assert answer["images"][0]["imageManifest"] == child.text
        assert answer["failures"] == []

    @pytest.mark.parametrize(
        ("image_id", "code"),
        [
            ({"imageTag": "b"}, "ImageNotFound"),
            ({"imageDigest": digest_of("x")}, "ImageNotFound"),
            ({"imageTag": "a", "imageDigest": digest_of("x")}, "ImageTagDoesNotMatchDigest"),
            ({"imageDigest": "sha256:1"}, "InvalidImageDigest"),
            ({}, "MissingDigestAndTag"),
        ],
    )
    def test_what_is_not_there(self, ecr: Any, image_id: dict[str, str], code: str) -> None:
        push(ecr, AMD64_ONLY, "a")
        answer = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[image_id])
        assert (answer["images"], [each["failureCode"] for each in answer["failures"]]) == ([], [code])
        assert answer["failures"][0]["imageId"] == image_id

    def test_only_in_a_format_that_is_accepted(self, ecr: Any) -> None:
        push(ecr, f"{SHOP}:1.0", "a")
        asked = {"repositoryName": REPOSITORY, "imageIds": [{"imageTag": "a"}]}
        assert ecr.batch_get_image(**asked, acceptedMediaTypes=[INDEX_TYPE, MANIFEST_TYPE])["images"]
        answer = ecr.batch_get_image(**asked, acceptedMediaTypes=[MANIFEST_TYPE])
        assert [each["failureCode"] for each in answer["failures"]] == ["ImageNotFound"]


class TestDeleting:
    def test_a_tag_goes_alone_while_there_are_others(self, ecr: Any) -> None:
        digest = push(ecr, AMD64_ONLY, "a")
        push(ecr, AMD64_ONLY, "b")
        answer = ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "a"}])
        assert answer["imageIds"] == [{"imageDigest": digest, "imageTag": "a"}]
        assert ecr.list_images(repositoryName=REPOSITORY)["imageIds"] == [
            {"imageDigest": digest, "imageTag": "b"}
        ]

    def test_with_its_last_tag_the_image_goes(self, ecr: Any) -> None:
        push(ecr, AMD64_ONLY, "a")
        ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "a"}])
        assert ecr.list_images(repositoryName=REPOSITORY)["imageIds"] == []

    def test_by_digest_all_tags_go(self, ecr: Any) -> None:
        digest = push(ecr, AMD64_ONLY, "a")
        push(ecr, AMD64_ONLY, "b")
        answer = ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])
        assert [each["imageTag"] for each in answer["imageIds"]] == ["a", "b"]
        assert ecr.describe_images(repositoryName=REPOSITORY)["imageDetails"] == []

    def test_manifests_of_an_index_go_after_it(self, ecr: Any) -> None:
        index = push(ecr, f"{SHOP}:1.0", "a")
        children = [each.digest for each in default_catalogue().contents(f"{SHOP}:1.0").children]  # type: ignore[union-attr]
        everything = [{"imageDigest": each} for each in (index, *children)]
        answer = ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=everything)
        assert answer["imageIds"] == [{"imageDigest": index, "imageTag": "a"}]
        assert [
            (each["imageId"]["imageDigest"], each["failureCode"], each["failureReason"])
            for each in answer["failures"]
        ] == [
            (
                child,
                "ImageReferencedByManifestList",
                f"Requested image referenced by manifest list: [{index}]",
            )
            for child in children
        ]
        answer = ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=everything[1:])
        assert answer["imageIds"] == everything[1:]
        ecr.delete_repository(repositoryName=REPOSITORY)
