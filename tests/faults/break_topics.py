"""What an accident or an operator can do to topics: delete and make anew, cut the head off, write rubbish into them."""

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, OffsetSpec

from streams.topics import catalogue, create
from tests.live.stage import Stage, wait_for


def configure(stage: Stage, topic: str, **settings: str) -> None:
    """Change settings of a topic (underscores for dots)."""
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    for future in stage.admin.incremental_alter_configs([resource]).values():
        future.result(30)


def recreate(stage: Stage, topic: str) -> None:
    """Delete a topic and make it anew, empty."""
    stage.admin.delete_topics([topic], operation_timeout=30)[topic].result(30)
    wait_for("the topic to be gone", lambda: topic not in stage.admin.list_topics(timeout=10).topics, 30)
    specs = [s for s in catalogue(stage.prefix, stage.app_id, stage.partitions) if s.name == topic]
    wait_for("the topic to be there", lambda: create(stage.admin, specs, 1).created or _made(stage, topic), 30)


def _made(stage: Stage, topic: str) -> bool:
    return topic in stage.admin.list_topics(timeout=10).topics


def cut_head(stage: Stage, topic: str, share: float) -> int:
    """Delete a share of the records of each partition, from the front; how many."""
    places = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(stage.partitions)}
    ends = {tp: future.result(30).offset for tp, future in stage.admin.list_offsets(places).items()}
    cut = [TopicPartition(tp.topic, tp.partition, int(end * share)) for tp, end in ends.items()]
    for future in stage.admin.delete_records(cut, request_timeout=30).values():
        future.result(30)
    return sum(tp.offset for tp in cut)


def write(
    stage: Stage,
    topic: str,
    records: list[tuple[bytes | None, bytes | None]],
    headers: tuple[tuple[str, bytes], ...] = (),
) -> None:
    """Write records where the ticket of their key lives."""
    producer = Producer({"bootstrap.servers": stage.bootstrap, "acks": "all", "partitioner": "murmur2_random"})
    for key, value in records:
        producer.produce(topic, value, key, headers=list(headers))
    assert producer.flush(30) == 0
