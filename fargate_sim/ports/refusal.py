"""What the offline cloud does not have, and what EC2 refuses."""

from __future__ import annotations


class NotModelledError(Exception):
    """There is no such service or operation; ``part``: the operation is there, but not with this part of it."""

    def __init__(self, message: str, *, part: str | None = None) -> None:
        super().__init__(message)
        self.part = part


def ec2_refusal(code: str, message: str) -> Exception:
    """An error that moto's EC2 answers with."""
    from moto.ec2.exceptions import EC2ClientError  # noqa: PLC0415 - moto must not delay the first answer

    refusal: Exception = EC2ClientError(code, message)
    return refusal
