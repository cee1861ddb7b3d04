"""Application Auto Scaling's operations: shapes, defaults, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from support.autoscaling import CPU, IDENTITY, STEPS, WEB, Autoscaling, by_requests

LABEL = "app/web/fedcba9876543210/targetgroup/web/0123456789abcdef"
TRACKING = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
STEPPING = {"PolicyName": "p", "PolicyType": "StepScaling"}


@pytest.fixture
def aws() -> Autoscaling:
    return Autoscaling()


@pytest.fixture
def target(aws: Autoscaling) -> Autoscaling:
    aws.enrol()
    return aws


def tracking(**members: Any) -> dict[str, Any]:
    return {**TRACKING, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60.0, **members}}


class TestScalableTargets:
    def test_registered_and_described(self, aws: Autoscaling) -> None:
        arn = aws.enrol(2, 8)
        assert arn.startswith("arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/")
        assert len(arn.rpartition("/")[2]) == 36
        (shown,) = aws.auto("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"]
        assert shown == {
            **IDENTITY,
            "MinCapacity": 2,
            "MaxCapacity": 8,
            "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            "CreationTime": aws.engine.now_ms,
            "SuspendedState": {
                "DynamicScalingInSuspended": False,
                "DynamicScalingOutSuspended": False,
                "ScheduledScalingSuspended": False,
            },
            "ScalableTargetARN": arn,
        }

    def test_an_update_keeps_what_it_leaves_out(self, target: Autoscaling) -> None:
        target.on_web("RegisterScalableTarget", MaxCapacity=5)
        target.on_web("RegisterScalableTarget", SuspendedState={"DynamicScalingInSuspended": True})
        target.on_web("RegisterScalableTarget", SuspendedState={"ScheduledScalingSuspended": True})
        (shown,) = target.auto("DescribeScalableTargets", ServiceNamespace="ecs", ResourceIds=[WEB])[
            "ScalableTargets"
        ]
        assert (shown["MinCapacity"], shown["MaxCapacity"]) == (1, 5)
        assert shown["SuspendedState"] == {
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": True,
        }

    def test_registering_moves_the_desired_count(self, aws: Autoscaling) -> None:
        aws.enrol(5, 8)
        assert aws.show()["desiredCount"] == 5

    def test_what_a_registration_must_have(self, aws: Autoscaling) -> None:
        aws.denies(
            "RegisterScalableTarget",
            "ValidationException",
            "ECS service doesn't exist: service/lab/other",
            ResourceId="service/lab/other",
            MinCapacity=1,
            MaxCapacity=2,
        )
        aws.denies("RegisterScalableTarget", "ValidationException", "required", MinCapacity=1)
        aws.denies("RegisterScalableTarget", "ValidationException", "less than", MinCapacity=3, MaxCapacity=2)
        aws.denies("RegisterScalableTarget", "ValidationException", "negative", MinCapacity=-1, MaxCapacity=2)
        aws.denies(
            "RegisterScalableTarget", "ValidationException", "5000", MinCapacity=5001, MaxCapacity=2**31 - 1
        )
        aws.enrol(2, 4)
        aws.denies("RegisterScalableTarget", "ValidationException", "less than", MinCapacity=5)

    @pytest.mark.parametrize(
        "resource", ["web", "service/web", "service/lab/web/more", "table/lab/web", "service//web"]
    )
    def test_a_resource_id_has_a_form(self, aws: Autoscaling, resource: str) -> None:
        aws.denies(
            "RegisterScalableTarget",
            "ValidationException",
            "Unsupported service namespace, resource type or scalable dimension",
            ResourceId=resource,
            MinCapacity=1,
            MaxCapacity=2,
        )

    def test_other_namespaces_are_not_modelled(self, aws: Autoscaling) -> None:
        error = aws.denies(
            "RegisterScalableTarget",
            "NotImplementedException",
            "dynamodb",
            ServiceNamespace="dynamodb",
            ScalableDimension="dynamodb:table:ReadCapacityUnits",
        )
        assert error.status == 501

    def test_unknown_values_are_broken_constraints(self, aws: Autoscaling) -> None:
        aws.denies(
            "RegisterScalableTarget",
            "ValidationException",
            "1 validation error detected: Value 'ecs2' at 'serviceNamespace' failed to satisfy constraint",
            ServiceNamespace="ecs2",
        )
        with pytest.raises(Exception, match=r"Value null at 'serviceNamespace'.*must not be null"):
            aws.auto("DescribeScalableTargets")

    def test_deregistering_takes_everything_along(self, target: Autoscaling) -> None:
        target.track()
        target.on_web("DeregisterScalableTarget")
        assert target.auto("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"] == []
        assert target.auto("DescribeScalingPolicies", ServiceNamespace="ecs")["ScalingPolicies"] == []
        assert target.world.alarms.all() == []
        target.denies(
            "DeregisterScalableTarget",
            "ObjectNotFoundException",
            "No scalable target found for service namespace: ecs, resource ID: service/lab/web, "
            "scalable dimension: ecs:service:DesiredCount",
        )

    def test_a_deleted_service_has_no_target(self, target: Autoscaling) -> None:
        target.call("DeleteService", cluster="lab", service="web", force=True)
        assert target.auto("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"] == []

    def test_tags(self, aws: Autoscaling) -> None:
        arn = aws.enrol(Tags={"team": "shop"})
        aws.auto("TagResource", ResourceARN=arn, Tags={"stage": "test", "team": "web"})
        assert aws.auto("ListTagsForResource", ResourceARN=arn) == {"Tags": {"team": "web", "stage": "test"}}
        aws.auto("UntagResource", ResourceARN=arn, TagKeys=["team", "other"])
        assert aws.auto("ListTagsForResource", ResourceARN=arn) == {"Tags": {"stage": "test"}}

    def test_tags_of_what_is_not_there(self, target: Autoscaling) -> None:
        gone = "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/x"
        target.denies("ListTagsForResource", "ResourceNotFoundException", ResourceARN=gone)
        (shown,) = target.auto("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"]
        arn = shown["ScalableTargetARN"]
        many = {f"key{number}": "" for number in range(51)}
        target.denies("TagResource", "TooManyTagsException", ResourceARN=arn, Tags=many)
        target.denies("TagResource", "ValidationException", ResourceARN=arn, Tags={"aws:x": ""})


class TestTargetTracking:
    def test_put_and_described(self, target: Autoscaling) -> None:
        answer = target.track()
        assert answer["PolicyARN"].startswith("arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:")
        assert answer["PolicyARN"].endswith(":resource/ecs/service/lab/web:policyName/cpu")
        high, low = (alarm["AlarmName"] for alarm in answer["Alarms"])
        assert high.startswith("TargetTracking-service/lab/web-AlarmHigh-")
        assert low.startswith("TargetTracking-service/lab/web-AlarmLow-")
        (shown,) = target.on_web("DescribeScalingPolicies", PolicyNames=["cpu"])["ScalingPolicies"]
        assert shown == {
            **IDENTITY,
            "PolicyARN": answer["PolicyARN"],
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": CPU,
            "Alarms": answer["Alarms"],
            "CreationTime": target.engine.now_ms,
        }

    def test_without_a_target_there_is_no_policy(self, aws: Autoscaling) -> None:
        aws.denies(
            "PutScalingPolicy",
            "ObjectNotFoundException",
            "No scalable target registered for service namespace: ecs, resource ID: service/lab/web, "
            "scalable dimension: ecs:service:DesiredCount",
            **TRACKING,
            TargetTrackingScalingPolicyConfiguration=CPU,
        )

    def test_a_policy_keeps_its_kind(self, target: Autoscaling) -> None:
        target.track(name="p")
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "You cannot change a TargetTrackingScaling policy to a non TargetTrackingScaling policy",
            **STEPPING,
            StepScalingPolicyConfiguration=STEPS,
        )

    def test_predictive_scaling_is_not_modelled(self, target: Autoscaling) -> None:
        target.denies(
            "PutScalingPolicy",
            "NotImplementedException",
            "PredictiveScaling",
            PolicyName="p",
            PolicyType="PredictiveScaling",
        )

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            ({"TargetValue": 0.0, **{k: v for k, v in CPU.items() if k != "TargetValue"}}, "greater than 0"),
            ({}, "either a PredefinedMetricSpecification or"),
            ({**CPU, "CustomizedMetricSpecification": {}}, "not both"),
            ({**CPU, "ScaleInCooldown": -1}, "ScaleInCooldown"),
            (
                {
                    "PredefinedMetricSpecification": {
                        "PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
                    }
                },
                "not supported",
            ),
            ({"CustomizedMetricSpecification": {"MetricName": "x"}}, "Namespace, Statistic"),
        ],
    )
    def test_configurations_that_are_wrong(
        self, target: Autoscaling, document: dict[str, Any], says: str
    ) -> None:
        target.denies("PutScalingPolicy", "ValidationException", says, **tracking(**document))

    def test_high_resolution_is_not_modelled(self, target: Autoscaling) -> None:
        named = {"PredefinedMetricType": "ECSServiceAverageCPUUtilizationHighResolution"}
        target.denies(
            "PutScalingPolicy",
            "NotImplementedException",
            "ECSServiceAverageCPUUtilizationHighResolution",
            **tracking(PredefinedMetricSpecification=named),
        )

    def test_a_custom_metric(self, target: Autoscaling) -> None:
        metric = {
            "MetricName": "Depth",
            "Namespace": "Mine",
            "Statistic": "Maximum",
            "Dimensions": [{"Name": "Queue", "Value": "jobs"}],
        }
        answer = target.track({"TargetValue": 10.0, "CustomizedMetricSpecification": metric})
        alarm = target.world.alarms.get(answer["Alarms"][0]["AlarmName"])
        assert alarm is not None
        assert alarm.spec.metric == ("Mine", "Depth", (("Queue", "jobs"),))
        assert alarm.spec.statistic == "Maximum"

    def test_metric_math(self, target: Autoscaling) -> None:
        def stat(name: str) -> dict[str, Any]:
            return {"Metric": {"Namespace": "Mine", "MetricName": name}, "Stat": "Sum"}

        metrics = [
            {"Id": "a", "MetricStat": stat("Visible"), "ReturnData": False},
            {"Id": "b", "MetricStat": stat("Running"), "ReturnData": False},
            {"Id": "e", "Expression": "a / b", "Label": "backlog", "ReturnData": True},
        ]
        answer = target.track({"TargetValue": 10.0, "CustomizedMetricSpecification": {"Metrics": metrics}})
        alarm = target.world.alarms.get(answer["Alarms"][0]["AlarmName"])
        assert alarm is not None
        assert [query.query_id for query in alarm.spec.queries] == ["a", "b", "e"]
        for wrong, code, says in (
            ({**metrics[2], "Expression": "a / c"}, "ValidationException", "c in the expression a / c"),
            ({**metrics[2], "Expression": "e + a"}, "ValidationException", "e refers to itself"),
            ({**metrics[2], "Expression": "SEARCH('x')"}, "NotImplementedException", "SEARCH"),
            ({**metrics[2], "ReturnData": False}, "ValidationException", "Exactly one"),
            ({**metrics[2], "Id": "a"}, "ValidationException", "unique"),
            ({**metrics[2], "MetricStat": stat("x")}, "ValidationException", "either an Expression"),
            ({"Id": "z", "MetricStat": {**stat("x"), "Stat": "odd"}}, "ValidationException", "statistic odd"),
        ):
            target.denies(
                "PutScalingPolicy",
                code,
                says,
                **tracking(CustomizedMetricSpecification={"Metrics": [*metrics[:2], wrong]}),
            )


class TestResourceLabels:
    def test_a_good_label(self, target: Autoscaling) -> None:
        answer = target.track(by_requests(LABEL))
        alarm = target.world.alarms.get(answer["Alarms"][0]["AlarmName"])
        assert alarm is not None
        assert alarm.spec.metric == (
            "AWS/ApplicationELB",
            "RequestCountPerTarget",
            (
                ("LoadBalancer", "app/web/fedcba9876543210"),
                ("TargetGroup", "targetgroup/web/0123456789abcdef"),
            ),
        )

    @pytest.mark.parametrize(
        "label",
        [
            "app/web/fedcba9876543210/web/0123456789abcdef",  # the word that much writing leaves out
            "loadbalancer/app/web/fedcba9876543210/targetgroup/web/0123456789abcdef",
            "net/web/fedcba9876543210/targetgroup/web/0123456789abcdef",
            "app/web//targetgroup/web/0123456789abcdef",
            "web",
        ],
    )
    def test_a_label_has_a_form(self, target: Autoscaling, label: str) -> None:
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "app/<load-balancer-name>/<load-balancer-id>/targetgroup/",
            **TRACKING,
            TargetTrackingScalingPolicyConfiguration=by_requests(label),
        )

    def test_the_target_group_must_be_the_services(self, target: Autoscaling) -> None:
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "is not attached to the ECS service service/lab/web",
            **TRACKING,
            TargetTrackingScalingPolicyConfiguration=by_requests(LABEL.replace("0123456789abcdef", "f" * 16)),
        )

    def test_requests_need_a_label_and_others_must_have_none(self, target: Autoscaling) -> None:
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "must be specified",
            **TRACKING,
            TargetTrackingScalingPolicyConfiguration=by_requests(None),
        )
        named = {**CPU["PredefinedMetricSpecification"], "ResourceLabel": LABEL}  # type: ignore[dict-item]
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "can not be specified",
            **tracking(PredefinedMetricSpecification=named),
        )


class TestStepScaling:
    def test_put_and_described_with_the_alarm_that_calls_it(self, target: Autoscaling) -> None:
        answer = target.on_web("PutScalingPolicy", **STEPPING, StepScalingPolicyConfiguration=STEPS)
        assert answer["Alarms"] == []
        (shown,) = target.on_web("DescribeScalingPolicies")["ScalingPolicies"]
        assert shown["StepScalingPolicyConfiguration"] == STEPS

    @pytest.mark.parametrize(
        ("document", "says"),
        [
            ({}, "AdjustmentType"),
            ({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": []}, "at least one"),
            ({**STEPS, "MinAdjustmentMagnitude": 2}, "PercentChangeInCapacity"),
            (
                {**STEPS, "AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 0},
                "at least 1",
            ),
            ({**STEPS, "Cooldown": -1}, "Cooldown"),
            (
                {
                    "AdjustmentType": "ExactCapacity",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": -1}],
                },
                "negative",
            ),
            ({**STEPS, "StepAdjustments": [{"ScalingAdjustment": 1}]}, "both be null"),
            ({**STEPS, "StepAdjustments": [{"ScalingAdjustment": 1}] * 21}, "at most 20"),
        ],
    )
    def test_configurations_that_are_wrong(
        self, target: Autoscaling, document: dict[str, Any], says: str
    ) -> None:
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            says,
            **STEPPING,
            StepScalingPolicyConfiguration=document,
        )

    def test_a_change_of_nothing_keeps_the_configuration(self, target: Autoscaling) -> None:
        first = target.on_web("PutScalingPolicy", **STEPPING, StepScalingPolicyConfiguration=STEPS)
        again = target.on_web("PutScalingPolicy", PolicyName="p")
        assert again["PolicyARN"] == first["PolicyARN"]
        (shown,) = target.on_web("DescribeScalingPolicies")["ScalingPolicies"]
        assert shown["StepScalingPolicyConfiguration"] == STEPS

    def test_type_and_configuration_belong_together(self, target: Autoscaling) -> None:
        target.denies("PutScalingPolicy", "ValidationException", "PolicyType is required", PolicyName="p")
        target.denies("PutScalingPolicy", "ValidationException", "StepScalingPolicyConfiguration", **STEPPING)
        target.denies(
            "PutScalingPolicy",
            "ValidationException",
            "can not be given",
            **STEPPING,
            TargetTrackingScalingPolicyConfiguration=CPU,
        )

    def test_deleted(self, target: Autoscaling) -> None:
        target.on_web("PutScalingPolicy", **STEPPING, StepScalingPolicyConfiguration=STEPS)
        target.on_web("DeleteScalingPolicy", PolicyName="p")
        target.denies(
            "DeleteScalingPolicy",
            "ObjectNotFoundException",
            "No scaling policy found for service namespace: ecs, resource ID: service/lab/web, "
            "scalable dimension: ecs:service:DesiredCount, policy name: p",
            PolicyName="p",
        )


class TestLists:
    def test_activities(self, aws: Autoscaling) -> None:
        aws.enrol(4, 8)
        (shown,) = aws.on_web("DescribeScalingActivities")["ScalingActivities"]
        assert shown["Description"] == "Setting desired count to 4."
        assert shown["StatusCode"] == "InProgress"
        aws.settle()
        (shown,) = aws.auto("DescribeScalingActivities", ServiceNamespace="ecs")["ScalingActivities"]
        assert shown["StatusCode"] == "Successful"
        assert shown["EndTime"] > shown["StartTime"]

    def test_not_scaled_activities_are_shown_when_asked_for(self, target: Autoscaling) -> None:
        target.world.scaling.activities.refuse(
            "id",
            WEB,
            target.engine.now_ms,
            "monitor alarm a",
            {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4},
        )
        assert target.on_web("DescribeScalingActivities")["ScalingActivities"] == []
        (shown,) = target.on_web("DescribeScalingActivities", IncludeNotScaledActivities=True)[
            "ScalingActivities"
        ]
        assert shown["Description"] == "Attempting to scale due to alarm triggered"
        assert shown["StatusCode"] == "Failed"
        assert shown["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4}]

    def test_pages(self, target: Autoscaling) -> None:
        for number in range(12):
            target.track(name=f"p{number:02}")
        seen: list[str] = []
        token: dict[str, str] = {}
        while True:
            answer = target.auto("DescribeScalingPolicies", ServiceNamespace="ecs", MaxResults=5, **token)
            seen += [policy["PolicyName"] for policy in answer["ScalingPolicies"]]
            if "NextToken" not in answer:
                break
            token = {"NextToken": answer["NextToken"]}
        assert seen == [f"p{number:02}" for number in range(12)]
        assert len(target.on_web("DescribeScalingPolicies")["ScalingPolicies"]) == 10
        target.denies("DescribeScalingPolicies", "ValidationException", "1 and 10", MaxResults=11)
        target.denies("DescribeScalingPolicies", "InvalidNextTokenException", NextToken="bm8=")
        target.denies("DescribeScheduledActions", "InvalidNextTokenException", **token)

    def test_a_dimension_needs_a_resource(self, target: Autoscaling) -> None:
        with pytest.raises(Exception, match="you must also specify a resource ID"):
            target.auto(
                "DescribeScalingPolicies",
                ServiceNamespace="ecs",
                ScalableDimension="ecs:service:DesiredCount",
            )

    def test_fifty_policies_a_target(self, target: Autoscaling) -> None:
        for number in range(50):
            target.on_web(
                "PutScalingPolicy",
                **{**STEPPING, "PolicyName": f"p{number}"},
                StepScalingPolicyConfiguration=STEPS,
            )
        target.denies(
            "PutScalingPolicy", "LimitExceededException", **STEPPING, StepScalingPolicyConfiguration=STEPS
        )
