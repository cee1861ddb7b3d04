"""The commands on a world: to run one, point others at it, move its clock, send load, ask it why."""

from __future__ import annotations

from fargate_lab import capacity_arguments, image_arguments, load_arguments
from fargate_lab.command_parser import Commands, command, loopback, minutes, port, speed


def add(commands: Commands) -> None:
    """Give the command line its commands on a world."""
    serve = command(
        commands,
        "serve",
        "world.serve",
        'run the offline cloud until Ctrl-C; prints the exports, then "ready"',
    )
    serve.add_argument("--port", type=port, default=0, metavar="N", help="TCP port (default: a free one)")
    serve.add_argument(
        "--bind",
        type=loopback,
        default="127.0.0.1",
        metavar="ADDRESS",
        help="loopback address (default 127.0.0.1)",
    )
    serve.add_argument(
        "--speed",
        type=speed,
        default=10.0,
        metavar="X|max",
        help="virtual seconds per second, 0.1 to 3600 (default 10)",
    )
    serve.add_argument(
        "--seed", type=int, default=None, metavar="S", help="seed of a new world (default: another each time)"
    )
    serve.add_argument("--lab", metavar="LAB", help="set this lab up, or go on where it was left")
    again = serve.add_mutually_exclusive_group()
    again.add_argument("--fresh", action="store_true", help="with --lab: begin the lab anew")
    again.add_argument("--resume", action="store_true", help="without --lab: go on with the last world")
    env = command(
        commands,
        "env",
        "world.print_env",
        "print what points aws, boto3 and Terraform at the running world",
        world=True,
    )
    env.add_argument(
        "--shell",
        choices=("sh", "fish", "powershell", "json"),
        help="for which shell (default: the one you use)",
    )
    shell = command(
        commands, "shell", "world.open_shell", "open a shell that talks to the running world", world=True
    )
    shell.add_argument("-c", dest="line", metavar="LINE", help="run this line and exit with its exit code")
    clock = command(
        commands, "clock", "world.clock", "read or move the virtual clock", world=True, json="as JSON"
    )
    clock.add_argument(
        "action",
        nargs="?",
        default="read",
        choices=("read", "pause", "run", "speed", "advance", "next", "settle", "rewind"),
        help="next: jump to the next happening; settle: until nothing is on its way; rewind: put the world back (default: read)",
    )
    clock.add_argument(
        "value",
        nargs="?",
        metavar="VALUE",
        help="speed: 0.1 to 3600 or max; advance, settle, rewind: 90s, 5m, 2h, 1d",
    )

    load_arguments.add_traffic(
        command(
            commands,
            "traffic",
            "traffic.traffic",
            "send requests through a load balancer to a service, and see which failed, when and why",
            world=True,
            json="the whole report as JSON",
        )
    )
    load_arguments.add_queue(
        command(
            commands,
            "queue",
            "queue.queue",
            "send orders to an SQS queue, and see which were charged, charged again, or never",
            world=True,
            json="the whole report as JSON",
        )
    )
    scaling = command(
        commands,
        "scaling",
        "scaling.scaling",
        "tell how services scale: policies, alarms, and why each decision was taken or not",
        world=True,
        json="everything as JSON",
    )
    scaling.add_argument(
        "--minutes",
        type=minutes,
        default=60,
        metavar="N",
        help="how far back the minutes go, 0 to 180 (default 60)",
    )
    capacity_arguments.add(
        command(
            commands,
            "capacity",
            "capacity.capacity",
            "take Spot tasks or capacity away, as AWS does, and give it back",
            world=True,
            json="as JSON",
        )
    )
    _cost_command(commands)
    image_arguments.add(
        command(
            commands,
            "image",
            "image.image",
            "list the images that can be pulled, show one, or push one into a private repository",
            world=True,
            json="as JSON",
        )
    )
    _calls_command(commands)
    _why_command(commands)
    _fork_commands(commands)


def _fork_commands(commands: Commands) -> None:
    fork = command(
        commands,
        "fork",
        "fork.fork",
        'start another world beside the running one, as that was a while ago; prints the exports, then "ready"',
        world=True,
    )
    whatif = command(
        commands,
        "whatif",
        "fork.whatif",
        "live through the last minutes again with other commands, and compare with what was",
        world=True,
        json="both timelines as JSON",
    )
    for each in (fork, whatif):
        each.add_argument(
            "--back", metavar="TIME", default="5m", help="how long ago: 90s, 5m, 2h (default 5m)"
        )
    fork.add_argument("--port", type=port, default=0, metavar="N", help="TCP port (default: a free one)")
    whatif.add_argument(
        "commands",
        metavar="COMMAND",
        nargs="*",
        help="a whole `aws` command in quotes, to be run then; several are run one after the other",
    )


def _cost_command(commands: Commands) -> None:
    cost = command(
        commands,
        "cost",
        "cost.cost",
        "estimate what the world would have cost on AWS, item by item",
        world=True,
        json="the whole report as JSON",
    )
    cost.add_argument(
        "--since",
        metavar="LAB|MS",
        help="from the start of a lab, or from a moment in milliseconds since the epoch (default: all)",
    )


def _calls_command(commands: Commands) -> None:
    calls = command(
        commands,
        "calls",
        "calls.calls",
        "list what execution and task roles have called, and what they were refused",
        world=True,
        json="the whole report as JSON",
    )
    calls.add_argument("role", metavar="ROLE", nargs="?", help="only this role (name or ARN; default: all)")


def _why_command(commands: Commands) -> None:
    why = command(
        commands,
        "why",
        "why.why",
        "explain a task, deployment, target, request or alarm: from its cause to its end, each fact with its source",
        world=True,
        json="the chain as JSON",
    )
    why.add_argument(
        "resource",
        metavar="RESOURCE",
        nargs="?",
        help="a task (id, unique prefix, ARN), a service, ecs-svc/..., IP or IP:PORT, a target group, "
        "the id of a failed request, requests, an alarm",
    )
    why.add_argument(
        "--file",
        metavar="FILE",
        help="explain saved JSON of `aws ... describe-*` instead of the world; - for stdin",
    )
