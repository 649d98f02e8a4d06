"""Every process on a Kafka with TLS, passwords and rights: what it needs is enough, and what it lacks it names."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka.admin import AclBindingFilter, AclOperation, AclPermissionType, AdminClient, ResourcePatternType
from confluent_kafka.admin import ResourceType as Resource

from alerting.signing import secret
from cli.notifier import READERS
from streams.rights import Kind, Right, lacking, of_notifier, of_worker
from streams.settings import Settings
from streams.topics import TopicsError
from tests.alerting.live.process import ROUTES, Sink
from tests.alerting.live.redis_server import RedisServer, missing
from tests.live.secure_kafka import MECHANISM, SecureKafka
from tests.live.stage import SLAWATCH, WATCHING, encoded, free_port, wait_for
from tests.live.test_spine import event, now

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(240)]

PASSWORD = "canary-password-7461"
WORKER = of_worker(Settings(), incidents=True)
NOTIFIER = of_notifier("sla.", "slawatch-notifier", READERS)


@pytest.fixture(scope="module")
def kafka(can_run_kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A locked cluster whose topics were made by an administrator, through the lock."""
    folder = tmp_path_factory.mktemp("locked")
    with SecureKafka(folder) as made:
        made.user("administrator", PASSWORD)
        made.grant("administrator", "topic", "*", "ALL")
        (folder / "slawatch.toml").write_text(made.settings("administrator", PASSWORD))
        wait_for("the topics to be made", lambda: slawatch(folder, "topics", "create").returncode == 0)
        yield made


def slawatch(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that ends, in a folder with its slawatch.toml."""
    environment = clean() | variables
    return subprocess.run(
        [*SLAWATCH, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False
    )


def clean() -> dict[str, str]:
    """The environment without settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLAWATCH_")}


def client(kafka: SecureKafka, name: str) -> AdminClient:
    """A client that logs in as a user."""
    settings = Settings(
        bootstrap=kafka.bootstrap,
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism=MECHANISM,
        kafka_sasl_username=name,
        kafka_sasl_password=PASSWORD,
        kafka_ssl_ca_location=str(kafka.ca_file),
    )
    return AdminClient(settings.client())


def grant_all(kafka: SecureKafka, name: str, rights: tuple[Right, ...]) -> None:
    """Make a user with exactly these rights, and wait until the broker knows."""
    kafka.user(name, PASSWORD)
    for right in rights:
        kafka.grant(name, right.kind, right.name, *right.operations)

    def known() -> bool:
        with suppress(TopicsError):  # until it does, even the login may be refused
            return not lacking(client(kafka, name), rights, timeout=5)
        return False

    wait_for(f"the broker to know what {name} may", known)


class Process:
    """A process that goes on, in a folder with its slawatch.toml."""

    def __init__(self, folder: Path, verb: str, **variables: str) -> None:
        self.log = folder / f"{verb}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*SLAWATCH, verb], cwd=folder, env=clean() | variables, stdout=log, stderr=log
            )

    def said(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def wait_for(self, what: str, condition) -> None:
        """Wait for a condition while it runs."""

        def holds():
            assert self.process.poll() is None, self.said()[-4000:]
            return condition()

        wait_for(f"{what}; it said: {self.said()[-2000:]}", holds)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        """An orderly end."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def test_a_breach_is_told_through_tls_and_passwords(kafka: SecureKafka, tmp_path: Path) -> None:
    """Worker, notifier and source log in as users of their own with no more rights than they need; no password is told."""
    if (reason := missing()) is not None:
        pytest.skip(reason)
    grant_all(kafka, "worker", of_worker(Settings(), incidents=False))
    grant_all(kafka, "notifier", NOTIFIER)
    grant_all(kafka, "source", (Right(Kind.TOPIC, "sla.ticket-events", ("WRITE",)),))
    for name in ("worker", "notifier", "source"):
        (tmp_path / name).mkdir()
        # In the file for some, in the environment for the worker.
        (tmp_path / name / "slawatch.toml").write_text(
            kafka.settings(name, "" if name == "worker" else PASSWORD) + f"status_port = {free_port()}\n"
        )
    delivery = tmp_path / "notifier" / "delivery"
    delivery.mkdir()
    in_environment = {"SLAWATCH_KAFKA_SASL_PASSWORD": PASSWORD}
    with RedisServer(tmp_path) as redis, Sink() as sink:
        (delivery / "routes.toml").write_text(ROUTES)
        (delivery / "receivers.toml").write_text(
            f'[receivers.hook]\nkind = "webhook"\nurl = "{sink.url}"\nsecret = "{secret(b"k" * 32)}"\n'
            'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        )
        with (tmp_path / "notifier" / "slawatch.toml").open("a") as file:
            file.write(f'[notifier]\nredis_url = "{redis.url}"\nstatus_port = {free_port()}\n')
        with (
            Process(tmp_path / "worker", "worker", **in_environment) as worker,
            Process(tmp_path / "notifier", "notifier") as notifier,
        ):
            worker.wait_for("the worker to watch", lambda: WATCHING in worker.said())
            started = now() - timedelta(seconds=121)
            accepted = event("secure-1", 1, "repair.accepted", started, hung_up_at=started.isoformat())
            (tmp_path / "source" / "accepted.jsonl").write_bytes(encoded(accepted))
            produced = slawatch(tmp_path / "source", "produce", "accepted.jsonl")
            assert produced.returncode == 0, produced.stderr
            told = lambda: [b for _, _, b in sink.got if json.loads(b)["data"]["level"] == "breach"]  # noqa: E731
            notifier.wait_for("the breach to be told", told)
            assert json.loads(told()[0])["subject"] == "secure-1"
            assert (worker.stop(), notifier.stop()) == (0, 0)
    shown = slawatch(tmp_path / "worker", "worker", "--show-config", **in_environment).stdout
    assert '"kafka_sasl_password": "***"' in shown
    assert PASSWORD not in shown + worker.said() + notifier.said() + produced.stdout + produced.stderr


@pytest.mark.parametrize("rights", [WORKER, NOTIFIER], ids=["worker", "notifier"])
def test_every_right_that_is_lacking_is_named(kafka: SecureKafka, rights: tuple[Right, ...]) -> None:
    """Users who have all rights but one; the one is found, and no other."""
    for number, left_out in enumerate(rights):
        for operation in left_out.operations:
            rest = tuple(name for name in left_out.operations if name != operation)
            granted = tuple(
                Right(one.kind, one.name, rest) if one is left_out else one
                for one in rights
                if rest or one is not left_out
            )
            name = f"user-{len(rights)}-{number}-{operation.lower()}"
            grant_all(kafka, name, granted)
            found = lacking(client(kafka, name), rights, timeout=30)
            assert found == [Right(left_out.kind, left_out.name, (operation,))]


def test_a_worker_without_a_right_refuses_to_start_and_says_which(kafka: SecureKafka, tmp_path: Path) -> None:
    """Topic and operation, and how to grant it; not that the topic is missing."""
    granted = tuple(right for right in of_worker(Settings(), incidents=False) if right.name != "sla.alerts")
    grant_all(kafka, "no-alerts", granted)
    (tmp_path / "slawatch.toml").write_text(kafka.settings("no-alerts", PASSWORD))
    done = slawatch(tmp_path, "worker")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "event=right_missing" in line
    assert (
        "sla.alerts: this user may not WRITE the topic; grant it: kafka-acls.sh --add --allow-principal User:NAME "
        "--operation Write --topic sla.alerts"
    ) in line


def test_a_worker_whose_right_is_taken_away_ends_and_says_which(kafka: SecureKafka, tmp_path: Path) -> None:
    """Nothing is committed past what it could not tell."""
    grant_all(kafka, "revoked", of_worker(Settings(app_id="revoked"), incidents=False))
    grant_all(kafka, "second-source", (Right(Kind.TOPIC, "sla.ticket-events", ("WRITE",)),))
    (tmp_path / "slawatch.toml").write_text(
        kafka.settings("revoked", PASSWORD) + f'app_id = "revoked"\nstatus_port = {free_port()}\n'
    )
    administrator = tmp_path / "administrator"
    administrator.mkdir()
    (administrator / "slawatch.toml").write_text(kafka.settings("administrator", PASSWORD))
    made = slawatch(administrator, "topics", "create", "--app-id=revoked")
    assert made.returncode == 0, made.stderr
    with Process(tmp_path, "worker") as worker:
        worker.wait_for("the worker to watch", lambda: WATCHING in worker.said())
        of_alerts = AclBindingFilter(
            Resource.TOPIC, "sla.alerts", ResourcePatternType.LITERAL, "User:revoked", "*",
            AclOperation.WRITE, AclPermissionType.ALLOW,
        )  # fmt: skip
        for future in kafka.operator.delete_acls([of_alerts]).values():
            assert len(future.result(30)) == 1
        started = now() - timedelta(seconds=121)
        (administrator / "accepted.jsonl").write_bytes(
            encoded(event("revoked-1", 1, "repair.accepted", started, hung_up_at=started.isoformat()))
        )
        assert slawatch(administrator, "produce", "accepted.jsonl").returncode == 0
        assert worker.process.wait(120) == 70
    assert re.search(r"sla\.alerts: (Unable to produce message: )?Broker: Topic authorization failed", worker.said())


@pytest.mark.parametrize("verb", ["worker", "notifier", "topics check"])
def test_a_wrong_password_is_said_to_be_one(kafka: SecureKafka, tmp_path: Path, verb: str) -> None:
    """Instead of waiting for brokers that do answer; the password is not told."""
    kafka.user("forgetful", PASSWORD)
    (tmp_path / "slawatch.toml").write_text(kafka.settings("forgetful", "wrong-password-5519"))
    folder(tmp_path)
    done = slawatch(tmp_path, *verb.split())
    assert done.returncode in {1, 2}
    assert re.search(r"cannot be logged in to: .*Authentication failed.*see kafka_", done.stderr), done.stderr
    assert "wrong-password-5519" not in done.stderr


@pytest.mark.parametrize("verb", ["worker", "notifier", "topics check"])
def test_a_certificate_of_somebody_else_is_refused(kafka: SecureKafka, tmp_path: Path, verb: str) -> None:
    """Whoever else answers at the address gets no password."""
    told = kafka.settings("administrator", PASSWORD)
    other = kafka.other_authority(tmp_path)
    (tmp_path / "slawatch.toml").write_text(told.replace(str(kafka.ca_file), str(other)))
    folder(tmp_path)
    done = slawatch(tmp_path, *verb.split())
    assert done.returncode in {1, 2}
    assert re.search(r"cannot be logged in to: .*certificate verify failed", done.stderr), done.stderr


def test_a_certificate_file_that_is_not_there_is_named(kafka: SecureKafka, tmp_path: Path) -> None:
    """Without a traceback."""
    told = kafka.settings("administrator", PASSWORD)
    (tmp_path / "slawatch.toml").write_text(told.replace("ca.pem", "gone.pem"))
    done = slawatch(tmp_path, "worker")
    assert (done.returncode, "gone.pem" in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def folder(root: Path) -> None:
    """A delivery folder that tells nobody outside this machine."""
    (root / "delivery").mkdir()
    (root / "delivery" / "routes.toml").write_text(ROUTES)
    (root / "delivery" / "receivers.toml").write_text(
        f'[receivers.hook]\nkind = "webhook"\nurl = "https://127.0.0.1:9/"\nsecret = "{secret(b"k" * 32)}"\n'
        'allow_networks = ["127.0.0.0/8"]\n'
    )
