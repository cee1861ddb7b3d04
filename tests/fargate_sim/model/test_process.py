"""What a command line does, and how it takes a stop signal: derived, never flagged."""

from __future__ import annotations

import pytest

from fargate_sim.images import default_catalogue, parse_catalogue
from fargate_sim.model.health_command import passes
from fargate_sim.model.images import split_reference
from fargate_sim.model.process import Run, effective_argv, plan

NGINX = "nginx -g 'daemon off;'"
REPORT = "public.ecr.aws/fargate-lab/nightly-report"


def run(
    reference: str,
    command: tuple[str, ...] | None = None,
    *,
    entrypoint: tuple[str, ...] | None = None,
    init: bool = False,
) -> Run:
    found = default_catalogue().resolve(reference)
    assert found is not None
    return plan(found.image, effective_argv(found.image, entrypoint, command), is_pid1=not init)


@pytest.mark.parametrize(
    ("reference", "command", "lasts_ms", "code"),
    [
        ("nginx:1.27", None, None, 0),
        ("nginx:1.27", ("sh", "-c", "exit 3"), 0, 3),
        ("busybox", None, 100, 0),  # a shell without a terminal reads end-of-file
        ("busybox", ("sleep", "90"), 90_000, 0),
        ("busybox", ("sleep", "2m"), 120_000, 0),
        ("busybox", ("sleep", "infinity"), None, 0),
        ("busybox", ("sh", "-c", "sleep 5; exit 3"), 5_000, 3),
        ("busybox", ("sh", "-c", "echo hi && false || exit 7"), 200, 7),
        ("busybox", ("sh", "-c", "while true; do sleep 1; done"), None, 0),
        (
            "nginx:1.27",
            ("sh", "-c", "nginx & sleep 20; exit 4"),
            20_000,
            4,
        ),  # the background goes with the shell
        ("nginx:1.27", ("sh", "-c", "nginx & wait"), None, 0),
        ("nginx:1.27", ("sh", "-c", "umask 027 && ulimit -n 1024 && nginx"), None, 0),
        ("busybox", ("tail", "-f", "/dev/null"), None, 0),
        ("python:3.12", ("python", "app.py"), 100, 2),
        ("python:3.12", ("python", "-c", "import sys; sys.exit(4)"), 100, 4),
        ("python:3.12", ("python3", "-m", "http.server", "80"), None, 0),
        ("node:22", ("node", "-e", "setInterval(() => {}, 1000)"), None, 0),
        (REPORT, ("--ledger", "main"), 482_000, 0),
        (REPORT, ("--ledger=main", "--format", "csv"), 482_000, 0),
        (REPORT, ("--format", "csv"), 2_000, 2),
        (REPORT, None, 2_000, 2),
    ],
)
def test_a_command_line_lasts_and_ends_as_in_the_real_image(
    reference: str, command: tuple[str, ...] | None, lasts_ms: int | None, code: int
) -> None:
    outcome = run(reference, command)
    assert (outcome.lasts_ms, outcome.exit_code, outcome.error) == (lasts_ms, code, None)


def test_a_batch_program_says_what_is_missing_and_when_it_is_done() -> None:
    missing = run(REPORT, ("--format", "csv"))
    assert missing.output == ("report: error: the following arguments are required: --ledger",)
    script = "report --ledger main & wait; report --ledger b"
    done = run(REPORT, entrypoint=("sh", "-c", script))
    assert (done.lasts_ms, done.exit_code) == (964_000, 0)
    assert done.output == ("report: reading the ledger", "report: written", "report: reading the ledger")
    assert done.last_words == ("report: written",)


def test_a_program_that_is_not_in_the_image_cannot_start() -> None:
    assert 'exec: "gunicorn": executable file not found' in (run("nginx", ("gunicorn", "app")).error or "")
    assert run("docker.io/traefik/whoami", ("x",)).error is None  # arguments of its entrypoint
    assert run("docker.io/traefik/whoami", entrypoint=("sh",)).error is not None  # no shell inside
    assert run("alpine", ("bash", "-c", "true")).error is not None  # busybox has no bash


# The rows are measurements of dash 0.5.12, bash 5.2 and busybox 1.35 in PID namespaces.
@pytest.mark.parametrize(
    ("shell", "image", "script", "graceful"),
    [
        ("sh", "nginx:1.27", NGINX, False),
        ("sh", "nginx:1.27", f"exec {NGINX}", True),
        ("sh", "nginx:1.27", f"cd /tmp && {NGINX}", False),
        ("sh", "nginx:1.27", f"FOO=1 {NGINX}", False),
        ("bash", "nginx:1.27", NGINX, True),
        ("bash", "nginx:1.27", f"cd /tmp && {NGINX}", True),
        ("bash", "nginx:1.27", f"FOO=1 {NGINX}", True),
        ("bash", "nginx:1.27", f"{NGINX} > /tmp/log", False),
        ("bash", "nginx:1.27", f"{NGINX}; true", False),
        ("bash", "nginx:1.27", f"{NGINX} | tee /tmp/log", False),
        ("sh", "nginx:alpine", NGINX, True),
        ("sh", "nginx:alpine", f"{NGINX} > /tmp/log", True),
        ("sh", "nginx:alpine", f"{NGINX}; true", False),
        ("sh", "nginx:alpine", f"if true; then {NGINX}; fi", True),
        ("bash", "nginx:1.27", f"if true; then {NGINX}; fi", False),
        ("sh", "nginx:1.27", f"if true; then exec {NGINX}; fi", True),
        ("sh", "nginx:alpine", f"for x in 1; do {NGINX}; done", False),
        ("sh", "nginx:1.27", f"exec {NGINX}; true", True),
        ("sh", "nginx:1.27", f"trap 'kill -TERM $c; wait $c; exit 0' TERM; {NGINX} & c=$!; wait $c", True),
        ("sh", "nginx:1.27", f"trap 'kill -TERM $c' TERM; {NGINX} & c=$!; wait $c; wait $c", True),
        ("bash", "nginx:1.27", f"trap 'exit 0' TERM; exec {NGINX}", True),
        ("bash", "nginx:1.27", f"trap '' TERM; {NGINX} & wait", False),
        ("bash", "nginx:1.27", f"{NGINX} & wait", False),
        ("bash", "nginx:1.27", f"trap : TERM; {NGINX} & wait; wait", False),
        ("bash", "nginx:1.27", f"env FOO=1 nohup {NGINX}", True),
        ("bash", "nginx:1.27", f"trap 'exit 0' TERM; {NGINX}", False),
    ],
)
def test_who_hears_the_stop_signal(shell: str, image: str, script: str, graceful: bool) -> None:
    outcome = run(image, (script,), entrypoint=(shell, "-c"))
    assert outcome.stop.graceful is graceful
    assert outcome.stop.exit_code == (0 if graceful else 137)


@pytest.mark.parametrize(
    ("shell", "trap", "graceful", "code"),
    [
        ("sh", "kill -TERM $c; wait $c", True, 143),  # drained; 143 is what the interrupted wait gives
        ("sh", "kill -TERM $c; wait $c; exit $?", True, 0),
        ("sh", "kill -TERM $c; wait $c; exit", True, 143),
        ("bash", "kill -TERM $c; wait $c; exit", True, 0),
        ("sh", "kill -TERM $c", False, 143),  # told, but the shell does not wait: the kernel ends them all
        ("sh", "kill -TERM $c; exit 3", False, 3),
        ("sh", "exit 0", False, 0),
        ("sh", ":", False, 143),
    ],
)
def test_what_a_trap_makes_of_the_signal(shell: str, trap: str, graceful: bool, code: int) -> None:
    script = f"trap '{trap}' TERM; {NGINX} & c=$!; wait $c"
    stop = run("nginx:1.27", (script,), entrypoint=(shell, "-c")).stop
    assert (stop.graceful, stop.exit_code) == (graceful, code)


def test_a_program_without_a_handler_ignores_the_signal_as_pid_1_and_dies_of_it_below_an_init() -> None:
    assert run("busybox", ("sleep", "90")).stop.exit_code == 137
    assert run("busybox", ("sleep", "90"), init=True).stop.exit_code == 143


def test_an_init_in_front_of_a_shell_does_not_make_it_graceful() -> None:
    outcome = run("nginx:1.27", (f"{NGINX}; true",), entrypoint=("tini", "--", "sh", "-c"))
    assert (outcome.stop.graceful, outcome.stop.exit_code) == (False, 143)


@pytest.mark.parametrize(
    ("script", "graceful", "code"),
    [
        (f"{NGINX} & exec sleep infinity", False, 137),  # sleep is PID 1 and has no handler
        ("exec sh -c 'nginx; true'", False, 137),
        ("exec sh -c 'exec nginx'", True, 0),
        ("exec tini -- nginx", True, 0),
        ("trap 'kill -TERM $c; wait $c' TERM; sh -c 'nginx; true' & c=$!; wait $c", False, 143),
    ],
)
def test_it_counts_what_has_taken_the_shells_place_and_what_the_trap_tells(
    script: str, graceful: bool, code: int
) -> None:
    stop = run("nginx:1.27", (script,), entrypoint=("sh", "-c")).stop
    assert (stop.graceful, stop.exit_code) == (graceful, code)


def test_a_script_before_the_program_delays_its_boot() -> None:
    slow = run("public.ecr.aws/fargate-lab/shop:1.0", ("sleep 20; exec /app/shop",), entrypoint=("sh", "-c"))
    assert slow.app is not None
    assert slow.app.boot_ms == 22_000


@pytest.mark.parametrize(
    ("reference", "canonical"),
    [
        ("nginx", ("docker.io/library/nginx", "latest", None)),
        ("nginx:1.27", ("docker.io/library/nginx", "1.27", None)),
        ("docker.io/nginx", ("docker.io/library/nginx", "latest", None)),
        ("traefik/whoami:v1.10", ("docker.io/traefik/whoami", "v1.10", None)),
        ("localhost:5000/app", ("localhost:5000/app", "latest", None)),
        ("public.ecr.aws/nginx/nginx@sha256:ab", ("public.ecr.aws/nginx/nginx", "latest", "sha256:ab")),
    ],
)
def test_image_references_follow_dockers_rules(
    reference: str, canonical: tuple[str, str, str | None]
) -> None:
    assert split_reference(reference) == canonical


def test_an_image_is_found_by_tag_and_by_digest_and_nothing_else_is() -> None:
    catalogue = default_catalogue()
    found = catalogue.resolve("nginx:1.27")
    assert found is not None
    assert catalogue.resolve(f"nginx@{found.digest}") == found
    assert catalogue.resolve("nginx:does-not-exist") is None
    assert catalogue.resolve("nginx@sha256:00") is None
    assert catalogue.resolve("no-such-repository") is None


def test_a_broken_catalogue_names_the_entry() -> None:
    with pytest.raises(ValueError, match=r"image 1 \(x\)"):
        parse_catalogue("- repository: x\n  tags: [a]\n")


@pytest.mark.parametrize(
    ("image", "command", "good"),
    [
        ("nginx", ("CMD-SHELL", "curl -f http://localhost/ || exit 1"), True),
        ("nginx", ("CMD-SHELL", "curl -f http://localhost:8080/ || exit 1"), False),
        ("nginx", ("CMD-SHELL", "curl -f http://localhost/missing"), False),
        ("nginx", ("CMD-SHELL", "curl http://localhost/missing"), True),  # without -f a 404 is a success
        ("nginx", ("CMD-SHELL", "wget -q http://localhost/"), False),  # Debian's image has no wget
        ("nginx:alpine", ("CMD-SHELL", "wget -q http://localhost/"), True),
        ("nginx", ("CMD", "curl", "-f", "http://127.0.0.1:80/index.html"), True),
        ("nginx", ("CMD-SHELL", "exit 1"), False),
        ("nginx", ("CMD-SHELL", "exit 0"), True),
        ("nginx", ("CMD-SHELL", "false"), False),
        ("nginx", ("CMD-SHELL", "test -f /var/run/nginx.pid"), True),
        ("docker.io/traefik/whoami", ("CMD-SHELL", "exit 0"), False),  # no shell to run it
    ],
)
def test_a_health_check_asks_what_the_container_serves(
    image: str, command: tuple[str, ...], good: bool
) -> None:
    found = default_catalogue().resolve(image)
    assert found is not None
    assert passes(command, found.image, found.image.app) is good
