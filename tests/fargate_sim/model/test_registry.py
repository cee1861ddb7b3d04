"""Images as content: manifests, digests, and where a reference leads."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.worlds import Account, Scenario

from fargate_sim.images import default_catalogue, parse_catalogue
from fargate_sim.model.images import Image, ImageCatalogue, ResolvedImage
from fargate_sim.model.manifests import (
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    MEGABYTE,
    Manifest,
    contents,
    digest_of,
    parse,
)
from fargate_sim.model.registry import PullProblem, Registry, is_private, registry_host
from fargate_sim.model.surroundings import RegistryImage
from fargate_sim.model.task_definition import ContainerSpec, HealthCheck

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
SHOP = "public.ecr.aws/fargate-lab/shop"
ALL = [image for image in default_catalogue().images if not image.origin]


def stored(manifest: Manifest) -> RegistryImage:
    return RegistryImage(manifest.digest, manifest.media_type, manifest.text)


def account(repository: str = "app", **tags: Manifest) -> Account:
    """An account with a repository in which each tag points to a manifest; all can be had by digest, too."""
    images = {tag: stored(manifest) for tag, manifest in tags.items()}
    return Account(ecr={repository: {**images, **{each.digest: each for each in images.values()}}})


def registry(surroundings: Account, images: ImageCatalogue | None = None) -> Registry:
    return Registry(images or default_catalogue(), surroundings, "123456789012", "us-east-1")


def of(reference: str) -> Manifest:
    found = default_catalogue().contents(reference)
    assert found is not None
    return found.top


class TestManifests:
    @given(image=st.sampled_from(ALL), data=st.data())
    def test_layers_add_up_to_the_size_and_an_index_lists_its_manifests(
        self, image: Image, data: st.DataObject
    ) -> None:
        found = image.contents(data.draw(st.sampled_from(image.tags)))
        manifests = found.children or (found.top,)
        assert {each.architecture for each in manifests} == image.architectures
        assert all(parse(each.text).size == image.size_mb * MEGABYTE for each in manifests)
        assert bool(found.children) is (len(image.architectures) > 1)
        if found.children:
            assert [digest for _, digest in parse(found.top.text).children] == [
                each.digest for each in found.children
            ]

    def test_the_digest_of_a_tag_is_sha256_of_the_bytes(self) -> None:
        for image in ALL:
            for tag in image.tags:
                assert image.digest(tag) == digest_of(image.contents(tag).top.text)

    def test_no_two_tags_are_the_same_content(self) -> None:
        digests = [image.digest(tag) for image in ALL for tag in image.tags]
        assert len(set(digests)) == len(digests)

    def test_they_do_not_depend_on_the_order_of_the_architectures(self) -> None:
        made = [
            contents("r", "1", size_mb=1, architectures=order, argv=((), ("sh",))).top.text
            for order in (("x86_64", "arm64"), ("arm64", "x86_64"))
        ]
        assert made[0] == made[1]

    def test_tags_of_a_repository_share_their_base_layer(self) -> None:
        first, second = (
            parse(default_catalogue().contents(f"{SHOP}:{tag}").children[0].text)  # type: ignore[union-attr]
            for tag in ("1.0", "1.1")
        )
        assert first.layers[0] == second.layers[0]
        assert first.layers[1] != second.layers[1]

    def test_the_formats_are_those_of_the_specification(self) -> None:
        found = default_catalogue().contents(f"{SHOP}:1.0")
        assert found is not None
        index, manifest = json.loads(found.top.text), json.loads(found.children[0].text)
        assert (index["mediaType"], manifest["mediaType"]) == (INDEX_TYPE, MANIFEST_TYPE)
        assert index["manifests"][0] == {
            "mediaType": MANIFEST_TYPE,
            "digest": found.children[0].digest,
            "size": len(found.children[0].text),
            "platform": {"architecture": "amd64", "os": "linux"},
        }
        assert {each["mediaType"] for each in manifest["layers"]} == {LAYER_TYPE}

    @pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"layers": []}', '{"manifests": [{}]}'])
    def test_what_is_no_manifest_says_so(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"manifest|Expecting|JSON"):
            parse(text)


class TestCatalogue:
    def test_mirrors_have_the_same_digest(self) -> None:
        names = ("nginx:1.27", "public.ecr.aws/nginx/nginx:1.27", "public.ecr.aws/docker/library/nginx:1.27")
        found = {default_catalogue().resolve(name).digest for name in names}  # type: ignore[union-attr]
        assert len(found) == 1

    def test_a_digest_of_an_index_or_of_a_manifest_resolves_in_every_mirror_and_nowhere_else(self) -> None:
        found = default_catalogue().contents("nginx:1.27")
        assert found is not None
        for manifest in found.all:
            for name in ("nginx", "public.ecr.aws/nginx/nginx", "nginx:whatever"):
                resolved = default_catalogue().resolve(f"{name}@{manifest.digest}")
                assert resolved is not None
                assert resolved.digest == manifest.digest
                wanted = {manifest.architecture} if manifest.architecture else {"x86_64", "arm64"}
                assert resolved.image.architectures == wanted
            assert default_catalogue().resolve(f"{SHOP}@{manifest.digest}") is None

    def test_a_manifest_s_digest_has_that_manifest_alone(self) -> None:
        child = default_catalogue().contents("nginx:1.27").children[1]  # type: ignore[union-attr]
        found = default_catalogue().contents(f"nginx@{child.digest}")
        assert found is not None
        assert found.all == (child,)

    def test_resolving_a_tag_works_out_no_other_digest(self) -> None:
        catalogue = ImageCatalogue(default_catalogue().images)
        catalogue.resolve("nginx:1.27")
        assert len(catalogue._built) == 1

    def test_another_catalogue_has_the_same_digests(self) -> None:
        text = "- {repository: docker.io/library/a, tags: ['1'], size_mb: 9, shell: dash, also: [b.c/a]}"
        first, second = parse_catalogue(text), parse_catalogue(text)
        assert first.resolve("a:1") == second.resolve("a:1")
        assert first.resolve("a:1").digest == first.resolve("b.c/a:1").digest  # type: ignore[union-attr]


class TestRegistry:
    @pytest.mark.parametrize(
        ("reference", "private", "host"),
        [
            (f"{HOST}/app:1", True, HOST),
            (
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a/b@sha256:0",
                True,
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            ),
            (
                "123456789012.dkr-ecr.eu-west-1.on.aws/a",
                True,
                "123456789012.dkr-ecr.eu-west-1.on.aws",
            ),
            (
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a",
                True,
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            ),
            ("nginx:1.27", False, "docker.io"),
            ("public.ecr.aws/nginx/nginx", False, "public.ecr.aws"),
            ("12345.dkr.ecr.us-east-1.amazonaws.com/app", False, "12345.dkr.ecr.us-east-1.amazonaws.com"),
        ],
    )
    def test_whose_registry_it_is(self, reference: str, private: bool, host: str) -> None:
        assert is_private(reference) is private
        assert registry_host(reference) == host

    def test_a_public_image_is_the_catalogue_s(self) -> None:
        assert registry(Account()).pull("nginx:1.27", "arm64") == default_catalogue().resolve("nginx:1.27")
        assert registry(Account()).pull("nginx:no", "arm64") == PullProblem("not found", private=False)

    def test_what_is_inside_follows_from_the_digest(self) -> None:
        found = registry(account(live=of(f"{SHOP}:1.0"))).pull(f"{HOST}/app:live", "x86_64")
        assert isinstance(found, ResolvedImage)
        assert found.image.app == default_catalogue().resolve(f"{SHOP}:1.0").image.app  # type: ignore[union-attr]
        assert found.digest == of(f"{SHOP}:1.0").digest

    def test_without_a_tag_it_is_latest_and_a_digest_goes_before_a_tag(self) -> None:
        there = account(latest=of(f"{SHOP}:1.0"), other=of(f"{SHOP}:1.1"))
        pull = registry(there).pull
        assert pull(f"{HOST}/app", "x86_64") == pull(f"{HOST}/app:latest", "x86_64")
        by_digest = pull(f"{HOST}/app:latest@{of(f'{SHOP}:1.1').digest}", "x86_64")
        assert by_digest == pull(f"{HOST}/app:other", "x86_64")

    @pytest.mark.parametrize(
        ("reference", "kind"),
        [
            (f"{HOST}/nope:1", "no repository"),
            (f"{HOST}/app:nope", "not found"),
            (f"{HOST}/app@{digest_of('x')}", "not found"),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:live", "not found"),
            ("210987654321.dkr.ecr.us-east-1.amazonaws.com/app:live", "not found"),
        ],
    )
    def test_what_is_not_there(self, reference: str, kind: str) -> None:
        there = registry(account(live=of(f"{SHOP}:1.0")))
        assert there.pull(reference, "x86_64") == PullProblem(kind, private=True)  # type: ignore[arg-type]
        assert not there.resolves(reference)

    def test_another_architecture(self) -> None:
        there = registry(account(live=of(f"{SHOP}:1.0-amd64")))
        assert there.pull(f"{HOST}/app:live", "arm64") == PullProblem("wrong architecture", private=True)
        assert there.resolves(f"{HOST}/app:live")
        problem = PullProblem("wrong architecture", private=False)
        assert registry(Account()).pull(f"{SHOP}:1.0-amd64", "arm64") == problem

    def test_a_manifest_written_anew_around_a_known_program_is_that_program(self) -> None:
        text = json.dumps(json.loads(of(f"{SHOP}:1.0-amd64").text), indent=3)
        found = registry(account(live=Manifest(MANIFEST_TYPE, text, None))).pull(f"{HOST}/app:live", "x86_64")
        assert isinstance(found, ResolvedImage)
        assert found.image.app == default_catalogue().resolve(f"{SHOP}:1.0-amd64").image.app  # type: ignore[union-attr]
        assert found.digest == digest_of(text) != of(f"{SHOP}:1.0-amd64").digest

    def test_an_index_put_together_by_hand_has_a_program_for_each_architecture(self) -> None:
        x86_64 = of(f"{SHOP}:1.0-amd64")
        arm64 = default_catalogue().contents("nginx:1.27").children[1]  # type: ignore[union-attr]
        listed = [
            {"digest": each.digest, "platform": {"architecture": name, "os": "linux"}}
            for name, each in (("amd64", x86_64), ("arm64", arm64))
        ]
        index = Manifest(INDEX_TYPE, json.dumps({"manifests": listed}), None)
        there = registry(account(live=index, a=x86_64, b=arm64))
        on = {name: there.pull(f"{HOST}/app:live", name) for name in ("x86_64", "arm64")}
        programs = {}
        for name, found in on.items():
            assert isinstance(found, ResolvedImage)
            assert found.digest == index.digest
            assert found.image.app is not None
            programs[name] = found.image.app.programs[0]
        assert programs == {"x86_64": "shop", "arm64": "nginx"}

    def test_an_index_without_the_architecture(self) -> None:
        child = default_catalogue().contents("nginx:1.27").children[1]  # type: ignore[union-attr]
        listed = [{"digest": child.digest, "platform": {"architecture": "arm64", "os": "linux"}}]
        index = Manifest(INDEX_TYPE, json.dumps({"manifests": listed}), None)
        there = registry(account(live=index, a=child))
        assert there.pull(f"{HOST}/app:live", "x86_64") == PullProblem("wrong architecture", private=True)

    def test_an_index_that_lists_itself_has_nothing(self) -> None:
        listed = [{"digest": "sha256:itself", "platform": {"architecture": "amd64", "os": "linux"}}]
        image = RegistryImage("sha256:itself", INDEX_TYPE, json.dumps({"manifests": listed}))
        there = Account(ecr={"app": {"live": image, "sha256:itself": image}})
        assert registry(there).pull(f"{HOST}/app:live", "x86_64") == PullProblem(
            "wrong architecture", private=True
        )

    def test_layers_that_nobody_knows_have_nothing_to_run(self) -> None:
        layer = {"digest": digest_of("mine"), "size": 5 * MEGABYTE}
        text = json.dumps({"config": layer, "layers": [layer]})
        found = registry(account(live=Manifest(MANIFEST_TYPE, text, None))).pull(f"{HOST}/app:live", "arm64")
        assert isinstance(found, ResolvedImage)
        assert (found.image.size_mb, found.image.app, found.image.shell) == (5, None, "none")


def private_scenario(reference: str = "nginx:1.27") -> Scenario:
    return Scenario(account=replace(account(live=of(reference)), log_groups={"/ecs/web"}))


def test_a_health_check_is_run_in_the_image_that_was_pulled() -> None:
    scenario = private_scenario()
    check = HealthCheck(("CMD", "curl", "-f", "http://localhost/"))
    service = scenario.service(
        scenario.definition(ContainerSpec("web", f"{HOST}/app:live", health_check=check)), 1
    )
    scenario.settle()
    assert [c.health for task in service.primary.tasks.values() for c in task.containers] == ["HEALTHY"]


def test_layers_that_nobody_knows_do_not_start() -> None:
    layer = {"digest": digest_of("mine"), "size": 1}
    text = json.dumps({"config": layer, "layers": [layer]})
    scenario = Scenario(account=account(live=Manifest(MANIFEST_TYPE, text, None)))
    scenario.service(scenario.definition(image=f"{HOST}/app:live"), 1)
    scenario.seconds(120)
    assert scenario.entries("task.stopped")[0].data["reason"].startswith("CannotStartContainerError: ")
