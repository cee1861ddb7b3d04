"""Who may do what: policies of IAM, and the decision that AWS comes to with them.

It is our own, because no kept-up Python package evaluates policies: moto's own check ignores NotResource, takes a condition that is not met
for a denial, and knows no principal but ``*``.

Source of the rules: IAM user guide, reference_policies_evaluation-logic and the pages of the policy elements.
"""

from fargate_sim.model.access.decision import assumable, decide, denial
from fargate_sim.model.access.facts import Decision, Matched, Policy, Request, RoleFacts

__all__ = ["Decision", "Matched", "Policy", "Request", "RoleFacts", "assumable", "decide", "denial"]
