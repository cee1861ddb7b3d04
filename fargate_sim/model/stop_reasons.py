"""Why a task stopped, in AWS's words. Sources: ECS developer guide, stopped-task-error-codes and its children; public logs [R]."""

from __future__ import annotations

ESSENTIAL_EXIT = "Essential container in task exited"
STOPPED_BY_USER = "Task stopped by user"
SPOT_INTERRUPTED = "Your Spot Task was interrupted."
"""Source: ECS developer guide, fargate-capacity-providers."""
NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone"
)
"""The same words in a service's event [C] service-event-messages-list, in RunTask's failures [R], and here of the task. [R]"""
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
"""The reason of a container, not of its task. [C] ECS developer guide, out-of-memory"""
FAILED_CONTAINER_CHECKS = "Task failed container health checks"


def failed_target_checks(target_group: str) -> str:
    """The load balancer found the task unhealthy. [R]"""
    return f"Task failed ELB health checks in (target-group {target_group})"


def scaling(deployment_id: str) -> str:
    """Replaced by a deployment, or scaled in: the id is that of the deployment doing it."""
    return f"Scaling activity initiated by (deployment {deployment_id})"


def subnet_full(subnet_id: str, *, public_ip: bool) -> str:
    """No address is free for the network interface. Head [C], tail [R]."""
    public = " with public IP assignment enabled" if public_ip else ""
    return (
        f"Unexpected EC2 error while attempting to Create Network Interface{public} in subnet '{subnet_id}': "
        "InsufficientFreeAddressesInSubnet"
    )


def subnet_gone(subnet_id: str, *, public_ip: bool) -> str:
    """The subnet was deleted under the service. [A] the same head with EC2's own error code."""
    public = " with public IP assignment enabled" if public_ip else ""
    return (
        f"Unexpected EC2 error while attempting to Create Network Interface{public} in subnet '{subnet_id}': "
        "InvalidSubnetID.NotFound"
    )


def is_start_error(reason: str) -> bool:
    """Whether the scheduler repeats this reason in its own event."""
    return reason.startswith(
        ("CannotPullContainerError", "ResourceInitializationError", "CannotStartContainerError")
    )
