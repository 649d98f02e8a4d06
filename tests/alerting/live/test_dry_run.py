"""`notifier --dry-run`: what would be told is printed, and nobody else notices."""

from __future__ import annotations

from pathlib import Path

from alerting.signing import secret
from tests.alerting.live.process import NotifierProcess
from tests.alerting.live.stage import DeliveryStage
from tests.alerting.making import alert


def test_a_dry_run_prints_what_would_be_told_and_keeps_nothing(delivery: DeliveryStage, tmp_path: Path) -> None:
    """From now on: what lies on the topic already is not told."""
    receivers = (
        f'[receivers.hook]\nkind = "webhook"\nurl = "https://desk.example/x"\nsecret = "{secret(b"k" * 32)}"\n'
    )
    delivery.put(alert("before"))
    notifier = NotifierProcess(delivery, tmp_path).configure(receivers).start("--dry-run")
    notifier.wait_for(
        lambda: notifier.said().count("event=partition_served") == delivery.partitions, "all partitions"
    )
    delivery.put(alert("after"))
    notifier.wait_for(lambda: "would go to hook (webhook), raised" in notifier.said(), "the message is printed")
    delivery.put(alert("after", 2, "resolved"))
    notifier.wait_for(lambda: "would go to hook (webhook), resolved" in notifier.said(), "its end is printed")
    assert notifier.stop() == 0
    said = notifier.said()
    assert "派单" in said
    assert "before/" not in said
    assert delivery.records() == []
    again = NotifierProcess(delivery, tmp_path, "second").configure(receivers).start("--dry-run")
    again.wait_for(
        lambda: again.said().count("event=partition_served") == delivery.partitions,
        "a second dry run begins at the end",
    )
    assert again.stop() == 0
    assert "would go to" not in again.said()
