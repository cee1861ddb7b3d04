"""What a request looks for is text: as a regular expression it could hold a process for ever."""

from __future__ import annotations

from support.shards import Class

ENDLESS = "(a+)+$"
LONG = "a" * 40 + "b"


def test_prefixes_of_queues(room: Class) -> None:
    sqs = room.client("01", "sqs")
    for name in ("ab", "b"):
        sqs.create_queue(QueueName=name)
    for prefix, count in (("a", 1), (".", 0), ("a.", 0), ("[", 0), ("", 2)):  # those first: they need no end
        assert len(sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])) == count, prefix
    sqs.create_queue(QueueName=LONG)
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=ENDLESS)


def test_prefixes_of_rules(room: Class) -> None:
    events = room.client("01", "events")
    for name in ("ab", "b", "c.d"):
        events.put_rule(Name=name, EventPattern='{"source": ["a"]}')
    for prefix, count in (("a", 1), (".", 0), ("a.", 0), ("[", 0), ("c.", 1), ("c.d", 1)):
        assert len(events.list_rules(NamePrefix=prefix)["Rules"]) == count, prefix
    assert len(events.list_rules()["Rules"]) == 3
    assert len(events.list_rules(Limit=2)["Rules"]) == 2
    events.put_rule(Name=LONG, EventPattern='{"source": ["a"]}')
    assert events.list_rules(NamePrefix=ENDLESS)["Rules"] == []


def test_filters_of_registries(room: Class) -> None:
    ecr = room.client("01", "ecr")
    for name in ("web/front", "db"):
        ecr.create_repository(repositoryName=name)

    def scanned(wanted: str) -> list[str]:
        rule = {
            "scanFrequency": "SCAN_ON_PUSH",
            "repositoryFilters": [{"filter": wanted, "filterType": "WILDCARD"}],
        }
        ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[rule])
        answer = ecr.batch_get_repository_scanning_configuration(repositoryNames=["web/front", "db"])
        return [
            each["repositoryName"] for each in answer["scanningConfigurations"] if each["appliedScanFilters"]
        ]

    assert scanned("front") == ["web/front"]
    assert scanned("web*t") == ["web/front"]
    assert scanned("b*") == []
    assert scanned("d.") == []
    ecr.create_repository(repositoryName=LONG)
    assert scanned(ENDLESS) == []
