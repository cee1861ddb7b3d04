"""The only contact with moto's internals. Nothing outside this package imports moto.

``loading`` imports moto lean and mends it · ``clock`` gives it virtual time and repeatable randomness ·
``interfaces`` makes its EC2 hold our network interfaces · ``surroundings`` answers the model's questions ·
``targets`` shows target health · ``metrics`` lets CloudWatch ask us ·
``queues`` lets SQS keep its messages in the model · ``refusal`` says what is not there ·
``gateway`` is the door: one ``MotoSide`` per account.

Written against moto 5.1.22 to 5.2; what it relies on is held down by tests/fargate_sim/test_ports.py.
"""

from fargate_sim.ports.gateway import MotoSide

__all__ = ["MotoSide"]
