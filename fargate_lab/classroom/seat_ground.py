"""What a seat's session stands on: its worlds live in a shard of the room, its lines in a console without a shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fargate_lab import paths
from fargate_lab.classroom.nursery_aws import NurseryAws, SeatPerformer
from fargate_lab.classroom.seat_console import SeatConsole, aws_environment
from fargate_lab.errors import RecordingUnusableError
from labs.control import HttpControl
from labs.endpoint_cloud import EndpointCloud
from labs.errors import ControlError

if TYPE_CHECKING:
    from fargate_lab.classroom.folder import ClassFolder, Seat
    from fargate_lab.ground import LineConsole, Performer

_WHEN_SILENT = "It is started again by itself, and nothing is lost. If it stays away, tell your teacher."
SPEED = 10.0
"""How fast a new world's clock runs: as many seconds a second."""


class SeatWorld:
    """The world that a seat has open in its shard (`fargate_lab.ground.OpenWorld`)."""

    def __init__(self, endpoint: str, control: HttpControl, token: str) -> None:
        self.endpoint = endpoint
        self.control = control
        self._token = token

    @property
    def alive(self) -> bool:
        """A shard that has died comes back with its worlds: they never end for good."""
        return True

    def cloud(self) -> EndpointCloud:
        """With the token that lets the class's own programs do everything in it."""
        return EndpointCloud(self.control, token=self._token)

    def close(self) -> None:
        """The shard keeps it, for the learner's own shell and for the next screen."""


class SeatGround:
    """See the module. ``shard_url`` is the endpoint as the learner knows it, ``here_url`` how this machine reaches it, ``nursery`` the
    address of the nursery, ``own_shell`` says how to get a shell of one's own.
    """

    def __init__(
        self, folder: ClassFolder, seat: Seat, *, shard_url: str, here_url: str, nursery: Path, own_shell: str
    ) -> None:
        self._seat = seat
        self._shard_url = shard_url
        self._here_url = here_url
        self._host = HttpControl(here_url, token=folder.host_token, when_silent=_WHEN_SILENT)
        self._nursery = nursery
        self._own_shell = own_shell

    def start(self, lab_id: str, *, fresh: bool = False) -> SeatWorld:
        """Have the shard open it."""
        question = {"seat": self._seat.id, "label": lab_id, "speed": SPEED, "fresh": fresh}
        try:
            self._host.post("/_seats/open", question)
        except ControlError as problem:
            if problem.said.get("damaged"):
                raise RecordingUnusableError(
                    problem.message, problem.hint or "To begin anew: X in the lab."
                ) from None
            raise
        token = self._seat.keys.token
        control = HttpControl(self._here_url, token=token, when_silent=_WHEN_SILENT)
        return SeatWorld(self._shard_url, control, token)

    def console(self, lab_id: str, cloud: EndpointCloud) -> SeatConsole:
        """Lines without a shell."""
        aws = NurseryAws(self._nursery, self._here_url)
        kept = paths.shell_dir(lab_id) / "variables.json"
        return SeatConsole(aws, cloud.control, cloud, self._names(cloud), kept, own_shell=self._own_shell)

    def performer(self, console: LineConsole) -> Performer:
        """Through the nursery, with the seat's own keys."""
        assert isinstance(console, SeatConsole)  # noqa: S101 - made above
        return SeatPerformer(NurseryAws(self._nursery, self._here_url), aws_environment(console.names))

    def _names(self, cloud: EndpointCloud) -> dict[str, str]:
        keys = self._seat.keys
        return {
            **cloud.env,
            "AWS_ACCESS_KEY_ID": keys.key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_ENDPOINT_URL": self._shard_url,
        }
