"""What the catalog needs of the account, and what it must not be able to do: the one list of each, by the names in lab.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labs.catalogue import Lab

Operations = Callable[[str], Iterable[str]]
"""The names of a service's operations, which are its actions in IAM."""
GET_VALUE = "secretsmanager:GetSecretValue"


@dataclass(frozen=True, slots=True)
class Names:
    """Names and ARNs of this lab's things in a world."""

    lab: Lab
    account: str
    region: str

    @classmethod
    def of(cls, lab: Lab, env: Mapping[str, str]) -> Names:
        """By lab.yaml, in the world of ``env``."""
        return cls(lab, env["ACCOUNT_ID"], env["AWS_REGION"])

    @property
    def bucket(self) -> str:
        """The catalog's bucket."""
        return f"{self.lab.name('bucket')}-{self.account}"

    @property
    def other_bucket(self) -> str:
        """Another team's bucket."""
        return f"{self.lab.name('other_bucket')}-{self.account}"

    def arn(self, service: str, name: str) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{name}"

    @property
    def prices(self) -> str:
        """What the program reads at its boot."""
        return f"arn:aws:s3:::{self.bucket}/prices.json"

    @property
    def report(self) -> str:
        """What the program writes every ten minutes."""
        return f"arn:aws:s3:::{self.bucket}/reports/items.csv"

    @property
    def table(self) -> str:
        """What the program reads for requests."""
        return self.arn("dynamodb", f"table/{self.lab.name('table')}")

    @property
    def queue(self) -> str:
        """Where the program sends orders."""
        return self.arn("sqs", self.lab.name("queue"))

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """Action and resource of each call that the program makes."""
        return (
            ("s3:GetObject", self.prices),
            ("dynamodb:GetItem", self.table),
            ("sqs:SendMessage", self.queue),
            ("s3:PutObject", self.report),
        )

    def excess(self, operations: Operations) -> dict[str, tuple[str, ...]]:
        """By resource, actions that the program does not call on it, the most telling first: of the table and the queue every one that
        their service has (``operations``). Reading secrets is apart. What is called payroll, or tomorrow, is not there yet.
        """
        lab, bucket = self.lab, f"arn:aws:s3:::{self.bucket}"
        contract = f"{bucket}/{lab.name('contract')}"
        invoice = f"arn:aws:s3:::{self.other_bucket}/{lab.name('invoice')}"
        others = {
            invoice: ("s3:GetObject", "s3:PutObject"),
            f"arn:aws:s3:::{self.other_bucket}": ("s3:ListBucket",),
            self.arn("dynamodb", f"table/{lab.name('other_table')}"): (
                "dynamodb:GetItem",
                "dynamodb:Scan",
                "dynamodb:PutItem",
            ),
            self.arn("sqs", lab.name("other_queue")): ("sqs:SendMessage", "sqs:ReceiveMessage"),
            f"arn:aws:s3:::payroll-{self.account}/2026-01.csv": ("s3:GetObject", "s3:PutObject"),
            self.arn("dynamodb", "table/payroll"): ("dynamodb:GetItem", "dynamodb:PutItem"),
            self.arn("sqs", "payroll"): ("sqs:SendMessage",),
            self.arn("secretsmanager", f"secret:{lab.name('other_secret')}-AbCdEf"): (
                "secretsmanager:PutSecretValue",
                "secretsmanager:DeleteSecret",
            ),
            self.arn("kms", "key/11111111-2222-3333-4444-555555555555"): ("kms:Decrypt",),
            self.arn("ssm", "parameter/billing/token"): ("ssm:GetParameter",),
            f"arn:aws:iam::{self.account}:user/learner": ("iam:CreateAccessKey",),
            f"arn:aws:iam::{self.account}:role/{lab.name('role')}": (
                "iam:AttachRolePolicy",
                "iam:PutRolePolicy",
                "sts:AssumeRole",
            ),
            f"arn:aws:iam::{self.account}:role/administrator": ("sts:AssumeRole", "iam:PassRole"),
            f"arn:aws:iam::{self.account}:role/{lab.name('execution_role')}": (
                "sts:AssumeRole",
                "iam:PassRole",
            ),
        }
        own = {
            contract: ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
            f"{bucket}/tomorrow": ("s3:GetObject", "s3:PutObject"),
            self.prices: ("s3:PutObject", "s3:DeleteObject"),
            self.report: ("s3:DeleteObject", "s3:PutObjectAcl"),
            bucket: (
                "s3:ListBucket",
                "s3:DeleteBucket",
                "s3:PutBucketPolicy",
                "s3:PutLifecycleConfiguration",
            ),
            self.table: _others("dynamodb", ("DeleteTable", "PutItem", "Scan"), operations, "GetItem"),
            self.queue: _others("sqs", ("PurgeQueue", "ReceiveMessage"), operations, "SendMessage"),
        }
        anywhere = {
            "*": (
                "s3:ListAllMyBuckets",
                "dynamodb:ListTables",
                "sqs:ListQueues",
                "secretsmanager:ListSecrets",
                "iam:CreateUser",
                "ec2:TerminateInstances",
                "ecs:RunTask",
                "lambda:InvokeFunction",
                "logs:DeleteLogGroup",
                "ecr:BatchDeleteImage",
                "braket:CreateQuantumTask",
            )
        }
        return {**others, **own, **anywhere}


def _others(service: str, first: tuple[str, ...], operations: Operations, needed: str) -> tuple[str, ...]:
    """Every action of a service but the one that is needed, some in front. What SQS does in batches is no action of its own.

    Source: service authorization reference, Actions defined by Amazon SQS.
    """
    rest = (each for each in sorted(operations(service)) if service != "sqs" or not each.endswith("Batch"))
    return tuple(f"{service}:{each}" for each in dict.fromkeys([*first, *rest]) if each != needed)
