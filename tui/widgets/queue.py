"""A queue in the list of the traffic pane: why orders were charged again, which, and who is at work."""

from __future__ import annotations

import textwrap
from functools import partial

from textual.content import Content

from tui import text
from tui.queues import Cause, Duplicate, Queue, Worker
from tui.widgets.linelist import Line, ready


def list_lines(queue: Queue, width: int) -> list[Line]:
    """Causes, then the latest orders that were charged again (newest first), then the workers."""
    lines: list[Line] = []
    if queue.causes:
        lines.append(ready(Content.styled("Charged again, by cause", "bold")))
        for cause in queue.causes:
            lines += [ready(content) for content in cause_lines(cause, width)]
    if queue.duplicated:
        lines.append(
            ready(
                Content.assemble(
                    ("Charged again, the latest", "bold"), ("   look for them in the log", "$muted")
                )
            )
        )
        lines += [Line(partial(duplicate_line, each)) for each in reversed(queue.duplicated)]
    if queue.workers:
        in_hand = sum(worker.in_hand for worker in queue.workers)
        lines.append(
            ready(
                Content.assemble(
                    ("Workers", "bold"),
                    (f"   {len(queue.workers)} with {in_hand:,} messages in hand", "$muted"),
                )
            )
        )
        busiest = max(1, *(worker.in_hand for worker in queue.workers))
        lines += [Line(partial(worker_line, worker, busiest)) for worker in queue.workers]
    else:
        lines.append(ready(Content.styled("No worker takes messages from this queue.", "$muted")))
    return lines


def cause_lines(cause: Cause, width: int) -> list[Content]:
    """A cause: how often, the sentence, what to turn."""
    said = textwrap.wrap(text.one_line(cause.cause), max(20, width - 2))
    knob, *more = textwrap.wrap(text.one_line(cause.knob), max(20, width - 8)) or [""]
    return [
        Content.styled(f"✗ {cause.count:,} charged again", "bold $error"),
        *(Content(f"  {line}") for line in said),
        Content.assemble(("  turn: ", "$muted"), (knob, "bold $accent")),
        *(Content.styled(f"        {line}", "bold $accent") for line in more),
    ]


def duplicate_line(duplicate: Duplicate) -> Content:
    """One order: when, how often, by which tasks."""
    who, first = text.one_line(duplicate.task[:8]), text.one_line(duplicate.first_task[:8])
    return Content.assemble(
        (f"  {text.time_of_day(duplicate.at_ms)}  ", "$muted"),
        (f"order {text.one_line(duplicate.order)}", "bold"),
        (f"  charged {duplicate.times} times", "$error"),
        (f"  by {who}" + ("" if who == first else f", before by {first}"), "$muted"),
    )


def worker_line(worker: Worker, busiest: int) -> Content:
    """One worker: messages in hand as a bar, and how many it has done."""
    return Content.assemble(
        (f"  {text.one_line(worker.task[:8])}  ", ""),
        (text.bar(worker.in_hand, busiest, 10), "$primary"),
        (f" {worker.in_hand:>4} in hand", ""),
        (f"  done {worker.processed:,}", "$muted"),
        ("  ◌ stopping" if worker.stopping else "", "$warning"),
    )
