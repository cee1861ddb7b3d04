"""The fargate-lab command: configuration, wiring, and every action of the product as a command."""

__version__ = "0.1.0"
