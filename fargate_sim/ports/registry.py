"""ECR's private repositories: moto keeps them, and is mended where it knows images by something else than their content.

moto takes the digests of an image's layers, or a random number, for the image's own digest, accepts manifests of layers that are nowhere,
and loses an image whose last tag has moved. Sources: API model of ECR; ECR user guide, image-push, image-retag, image-tag-mutability,
delete_image; sentences from public error reports [R] or formed after them [A], as marked.
"""

# ruff: noqa: PLC0415 - moto takes two seconds to import, which must not delay the first answer
from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from fargate_sim.images import default_catalogue
from fargate_sim.model.manifests import INDEX_TYPE, Parsed, digest_of, parse
from fargate_sim.model.surroundings import RegistryImage

_LISTS = (INDEX_TYPE, "application/vnd.docker.distribution.manifest.list.v2+json")
_TOKEN_SECONDS = 12 * 3600
_DIGEST = re.compile(r"[0-9a-zA-Z_+.-]+:[0-9a-fA-F]{64}")

ImageId = Mapping[str, str]


def image(backend: Any, repository: str, tag: str | None, digest: str | None) -> RegistryImage | None:
    """What a tag or a digest points to; None when there is no such repository or image."""
    there = backend.repositories.get(repository)
    found = _find(there, tag, digest) if there is not None else None
    if found is None:
        return None
    return RegistryImage(found.get_image_digest(), found.image_manifest_media_type, found.image_manifest)


def mend_ecr() -> None:
    """From now on moto's images are content-addressed."""
    from moto.ecr.models import ECRBackend, Image, Repository
    from moto.ecr.responses import ECRResponse

    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(Repository, name, classmethod(_with_policy(getattr(Repository, name).__func__)))
    Image.get_image_digest = _image_digest
    ECRBackend.batch_delete_image = _batch_delete_image
    ECRBackend.describe_images = _describe_images
    ECRResponse.put_image = _put_image_response
    ECRResponse.batch_get_image = _batch_get_image_response
    ECRResponse.get_authorization_token = _valid_token(ECRResponse.get_authorization_token)
    ECRResponse.describe_images = _describe_images_response


def _with_policy(of_moto: Callable[..., Any]) -> Callable[..., Any]:
    """A template's repository gets its policy, which moto leaves out."""

    def make(cls: Any, *args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        document = next(each for each in given if isinstance(each, dict) and "Properties" in each)
        repository = of_moto(cls, *args, **kwargs)
        policy = document["Properties"].get("RepositoryPolicyText")
        if policy is not None:
            repository.policy = policy if isinstance(policy, str) else json.dumps(policy)
        return repository

    return make


def _image_digest(self: Any) -> str:
    if self._image_digest is None:
        self._image_digest = digest_of(self.image_manifest)
    return str(self._image_digest)


def _find(repository: Any, tag: str | None, digest: str | None) -> Any:
    """The image that has the tag and the digest, as far as they are given."""
    for each in repository.images:
        if (tag is None or tag in each.image_tags) and (digest is None or each.get_image_digest() == digest):
            return each
    return None


def _refuse(code: str, message: str) -> NoReturn:
    from moto.ecr.exceptions import ValidationException

    # moto tells an error's service by the module of its class, and its name by the code.
    raise ValidationException(code, message)


def _where(repository: Any) -> str:
    return f"repository with name '{repository.name}' in registry with id '{repository.registry_id}'"


def _valid_token(of_moto: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """moto's token has expired in 2015. Source: API model, GetAuthorizationToken: valid for 12 hours."""

    def get_authorization_token(self: Any) -> Any:
        from moto.core.utils import unix_time

        answer = of_moto(self)
        for each in answer.result["authorizationData"]:
            each["expiresAt"] = int(unix_time()) + _TOKEN_SECONDS
        return answer

    return get_authorization_token


# -- pushing ---------------------------------------------------------------------------------------


def _put_image_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    repository = self.ecr_backend._get_repository(
        self._get_param("repositoryName"), self._get_param("registryId")
    )
    answer = _put_image(
        repository,
        self._get_param("imageManifest"),
        self._get_param("imageTag"),
        media_type=self._get_param("imageManifestMediaType"),
        digest=self._get_param("imageDigest"),
    )
    return ActionResult({"image": answer})


def _put_image(
    repository: Any, image_manifest: str, image_tag: str | None, *, media_type: str | None, digest: str | None
) -> dict[str, Any]:
    manifest = _parsed(image_manifest)
    media_type = media_type or manifest.media_type
    if not media_type:
        _refuse("InvalidParameterException", "image manifest mediatype not provided in manifest or parameter")
    real = digest_of(image_manifest)
    if digest is not None and digest != real:
        _refuse(  # [R]
            "ImageDigestDoesNotMatchException",
            f"The image with digest '{digest}' in repository '{repository.name}' and registry ID '{repository.registry_id}' "
            "does not match the image digest that Amazon ECR has calculated.",
        )
    _require_parts(repository, manifest)
    stored = _find(repository, None, real)
    holder = _find(repository, image_tag, None) if image_tag is not None else None
    if holder is not None and _immutable(repository, str(image_tag)):
        # [R] also for the same content again
        _refuse(
            "ImageTagAlreadyExistsException",
            f"The image tag '{image_tag}' already exists in the '{repository.name}' repository "
            "and cannot be overwritten because the tag is immutable.",
        )
    if stored is not None and (image_tag is None or holder is stored):
        named = f" and tag '{image_tag}'" if image_tag is not None else ""  # [A] without a tag
        _refuse(
            "ImageAlreadyExistsException",
            f"Image with digest '{real}'{named} already exists in the {_where(repository)}",
        )
    if stored is None:
        stored = _store(repository, image_manifest, media_type, manifest)
    if holder is not None:
        holder.remove_tag(image_tag)
    stored.update_tag(image_tag)
    return _shown(
        stored, {"imageDigest": real, "imageTag": image_tag} if image_tag else {"imageDigest": real}
    )


def _parsed(text: str) -> Parsed:
    try:
        return parse(text)
    except ValueError:
        _refuse(  # moto's sentence
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        )


def _require_parts(repository: Any, manifest: Parsed) -> None:
    """What a manifest names must be there: layers and configuration, or the manifests of an index."""
    if manifest.is_index:
        code, what = "ReferencedImagesNotFoundException", "Images"  # [R] the sentence
        absent = [digest for _, digest in manifest.children if _find(repository, None, digest) is None]
    else:
        code, what = "LayersNotFoundException", "Layers"  # [A] formed after the other
        needed = [digest for digest, _ in manifest.layers] + ([manifest.config] if manifest.config else [])
        known = default_catalogue()
        absent = [each for each in needed if each not in repository.layers and not known.has_blob(each)]
    if absent:
        _refuse(
            code,
            f"{what} with digests '[{', '.join(dict.fromkeys(absent))}]' required for pushing image into repository with name "
            f"'{repository.name}' in the registry with id '{repository.registry_id}' do not exist",
        )


def _immutable(repository: Any, tag: str) -> bool:
    """Whether a tag stays where it is: the repository's rule, or the other one for a tag that an exclusion filter matches."""
    filters: Iterable[Mapping[str, str]] = repository.image_tag_mutability_exclusion_filters or ()
    excluded = any(fnmatch.fnmatchcase(tag, each["filter"]) for each in filters)
    return bool(repository.is_tag_immutable()) is not excluded


def _store(repository: Any, text: str, media_type: str, manifest: Parsed) -> Any:
    from moto.core.utils import unix_time
    from moto.ecr.models import Image

    stored = Image(repository.account_id, None, text, repository.name, media_type)
    stored.registry_id = repository.registry_id
    stored.image_pushed_at = int(unix_time())
    stored.artifact_media_type = manifest.config_type
    children = [_find(repository, None, digest) for _, digest in manifest.children]
    # "If the image is a manifest list, this will be the max size of all manifests in the list." [C]
    stored.size_in_bytes = max((each.size_in_bytes for each in children), default=manifest.size)
    repository.layers.update(manifest.layers)
    repository.images.append(stored)
    return stored


# -- looking ---------------------------------------------------------------------------------------


def _shown(stored: Any, image_id: ImageId) -> dict[str, Any]:
    return {
        "registryId": stored.registry_id,
        "repositoryName": stored.repository_name,
        "imageId": dict(image_id),
        "imageManifest": stored.image_manifest,
        "imageManifestMediaType": stored.image_manifest_media_type,
    }


def _failure(image_id: ImageId, code: str, reason: str) -> dict[str, Any]:
    return {"imageId": dict(image_id), "failureCode": code, "failureReason": reason}


def _wrong(repository: Any, image_id: ImageId) -> dict[str, Any] | None:
    """Why an image that is asked for is not to be had; None when it is."""
    tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
    if tag is None and digest is None:
        reason = "Invalid request parameters: both tag and digest cannot be null"
        return _failure({}, "MissingDigestAndTag", reason)
    if digest is not None and not _DIGEST.fullmatch(digest):
        reason = "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
        return _failure(image_id, "InvalidImageDigest", reason)
    if _find(repository, tag, digest) is not None:
        return None
    if tag is not None and digest is not None and _find(repository, tag, None) is not None:
        # [A] the sentence
        return _failure(image_id, "ImageTagDoesNotMatchDigest", "Requested image tag does not match digest")
    return _failure(image_id, "ImageNotFound", "Requested image not found")


def _batch_get_image_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    repository = self.ecr_backend._get_repository(
        self._get_param("repositoryName"), self._get_param("registryId")
    )
    accepted: Sequence[str] = self._get_param("acceptedMediaTypes") or ()
    shown: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for image_id in self._get_param("imageIds") or ():
        wrong = _wrong(repository, image_id)
        if wrong is not None:
            failures.append(wrong)
            continue
        found = _find(repository, image_id.get("imageTag"), image_id.get("imageDigest"))
        if accepted and found.image_manifest_media_type not in accepted:
            # [A] ECR converts some formats into others; here an image comes as it was pushed, or not at all.
            failures.append(_failure(image_id, "ImageNotFound", "Requested image not found"))
            continue
        shown.append(_shown(found, {**image_id, "imageDigest": found.get_image_digest()}))
    return ActionResult({"images": shown, "failures": failures})


def _describe_images(
    self: Any,
    repository_name: str,
    registry_id: str | None = None,
    image_ids: Sequence[ImageId] | None = None,
) -> list[Any]:
    repository = self._get_repository(repository_name, registry_id)
    if not image_ids:
        return list(repository.images)
    found = [repository._get_image(each.get("imageTag"), each.get("imageDigest")) for each in image_ids]
    return list({id(each): each for each in found}.values())


def _describe_images_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    images = self.ecr_backend.describe_images(
        self._get_param("repositoryName"), self._get_param("registryId"), self._get_param("imageIds")
    )
    status = (self._get_param("filter") or {}).get("tagStatus", "ANY")
    wanted = [each for each in images if status == "ANY" or (status == "TAGGED") is bool(each.image_tags)]
    return ActionResult({"imageDetails": [_detail(each) for each in wanted]})


def _detail(stored: Any) -> dict[str, Any]:
    detail = {
        "registryId": stored.registry_id,
        "repositoryName": stored.repository_name,
        "imageDigest": stored.get_image_digest(),
        "imageTags": list(stored.image_tags),
        "imageSizeInBytes": stored.size_in_bytes,
        "imagePushedAt": stored.image_pushed_at,
        "imageManifestMediaType": stored.image_manifest_media_type,
        "artifactMediaType": stored.artifact_media_type,
    }
    return {name: value for name, value in detail.items() if value is not None and value != []}


# -- deleting --------------------------------------------------------------------------------------


def _batch_delete_image(
    self: Any,
    repository_name: str,
    registry_id: str | None = None,
    image_ids: Sequence[ImageId] | None = None,
) -> dict[str, Any]:
    repository = self._get_repository(repository_name, registry_id)
    listed_by = _listed_by(repository)  # as things stand when the call comes [R]
    deleted: list[dict[str, str]] = []
    failures: list[dict[str, Any]] = []
    for image_id in image_ids or ():
        wrong = _wrong(repository, image_id)
        if wrong is not None:
            failures.append(wrong)
            continue
        tag = image_id.get("imageTag")
        found = _find(repository, tag, image_id.get("imageDigest"))
        digest = found.get_image_digest()
        whole = tag is None or found.image_tags == [tag]
        if whole and digest in listed_by:
            # [R] the sentence
            reason = f"Requested image referenced by manifest list: [{', '.join(listed_by[digest])}]"
            failures.append(_failure(image_id, "ImageReferencedByManifestList", reason))
            continue
        tags = list(found.image_tags) if tag is None else [tag]
        deleted += [{"imageDigest": digest, "imageTag": each} for each in tags] or [{"imageDigest": digest}]
        for each in tags:
            found.remove_tag(each)
        if whole:
            repository.images.remove(found)
    return {"imageIds": deleted, "failures": failures}


def _listed_by(repository: Any) -> dict[str, list[str]]:
    """The digest of a manifest to those of the indexes that list it."""
    found: dict[str, list[str]] = {}
    for each in repository.images:
        if each.image_manifest_media_type in _LISTS:
            for _, digest in parse(each.image_manifest).children:
                found.setdefault(digest, []).append(each.get_image_digest())
    return found
