"""What docker-compose.yml and the Dockerfile say is true of the programs, so far as no container engine is needed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from agents.process import STOP_WITHIN_S
from cli.configuration import read, read_canary, read_notifier
from cli.main import main, parser
from tests.deploy.compose import FILE, ROOT, broker_settings, seconds, services

ALL = services()
OURS = {name: service for name, service in ALL.items() if service.ours}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?")

SERVING = ("worker-1", "worker-2", "notifier", "canary")
"""The services that go on, and tell how they are."""

each = pytest.mark.parametrize("service", ALL.values(), ids=ALL)
each_of_ours = pytest.mark.parametrize("service", OURS.values(), ids=OURS)


@pytest.fixture
def read_as():
    """Read the settings of a service as its process does: its flags, its variables and no others."""
    patch = pytest.MonkeyPatch()

    def settings(service):
        for name in [name for name in os.environ if name.startswith("SLAWATCH_")]:
            patch.delenv(name)
        for name, value in service.environment.items():
            patch.setenv(name, value)
        options = parser().parse_args(service.command)
        return read(options), read_notifier(options), read_canary(options)

    yield settings
    patch.undo()


def test_the_file_follows_the_schema_of_compose_files():
    """As the Compose specification publishes it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@each
def test_every_image_is_pinned_to_one_release(service):
    """A release with all its numbers; ours is the version of this project."""
    assert PINNED.fullmatch(service.image)
    if service.ours:
        assert service.image == f"slawatch:{PROJECT['project']['version']}"


@each
def test_nothing_more_is_allowed_than_is_needed(service):
    """No capability, no way to gain one, a bound on memory and on logs; ours cannot write either."""
    assert service.told["cap_drop"] == ["ALL"]
    assert service.told["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in service.told
    assert service.told["logging"]["options"]["max-size"]
    assert service.told.get("read_only", False) or service.name in {"kafka", "grafana"}
    assert "privileged" not in service.told


@each
def test_every_published_port_is_on_loopback(service):
    """And no two services want the same one."""
    assert {address for address, _, _ in service.ports} <= {"127.0.0.1"}
    others = [host for other in ALL.values() if other is not service for _, host, _ in other.ports]
    assert not {host for _, host, _ in service.ports} & set(others)


@each
def test_every_mounted_file_exists(service):
    """Files of the project are mounted read-only; volumes are declared."""
    declared = yaml.safe_load(FILE.read_text())["volumes"]
    for text, mount in zip(service.told.get("volumes", []), service.mounts, strict=True):
        if mount.is_volume:
            assert mount.source in declared
        else:
            assert (ROOT / mount.source).exists(), mount.source
            assert text.endswith(":ro")


@each
def test_what_a_service_waits_for_is_there_in_each_profile(service):
    """And can be waited for: a health check for what must be well, an end for what must have ended well."""
    for name, how in service.told.get("depends_on", {}).items():
        assert set(service.told["profiles"]) <= set(ALL[name].told["profiles"])
        if how["condition"] == "service_healthy":
            assert ALL[name].health
        if how["condition"] == "service_completed_successfully":
            assert ALL[name].told["restart"] == "no"


def test_what_reads_or_writes_topics_starts_once_they_are_made():
    """Which they are once Kafka is well."""
    for name in SERVING:
        waited = {other: how["condition"] for other, how in ALL[name].told["depends_on"].items()}
        assert waited["topics"] == "service_completed_successfully"
    assert ALL["topics"].told["depends_on"] == {"kafka": {"condition": "service_healthy"}}


@each_of_ours
def test_every_command_and_variable_is_one_the_program_knows(service, read_as):
    """The command line parses; a variable that is no setting would be refused."""
    settings, *_ = read_as(service)
    assert settings.bootstrap == "kafka:9092"
    assert all(name.startswith("SLAWATCH_") for name in service.environment)


def test_all_processes_agree_on_what_they_must_agree_on(read_as):
    """The same cluster, topics and rulebook."""
    told = [read_as(service)[0] for service in OURS.values()]
    assert len({(one.bootstrap, one.prefix, one.app_id, one.partitions, one.rulebook) for one in told}) == 1


@pytest.mark.parametrize("name", SERVING)
def test_every_port_is_the_one_the_process_serves(name, read_as):
    """To all of the container, and the health check asks there."""
    settings, notifier, canary = read_as(ALL[name])
    served = {"notifier": notifier, "canary": canary}.get(name, settings)
    assert [inside for _, _, inside in ALL[name].ports] == [served.status_port]
    assert served.status_host == "0.0.0.0"
    assert f"http://127.0.0.1:{served.status_port}/healthz" in ALL[name].health[-1]


def test_a_process_has_the_time_it_takes_to_end():
    """A worker ends in order within `STOP_WITHIN_S`; the engine kills later than that."""
    for name in SERVING:
        assert seconds(ALL[name].told["stop_grace_period"]) > STOP_WITHIN_S


def test_kafka_is_found_under_the_names_it_tells():
    """By the services and from the host; whoever asks the one listener is sent to the same one."""
    kafka = ALL["kafka"]
    told = broker_settings(kafka)
    listeners, advertised = (
        dict(one.split("://") for one in told[name].split(",")) for name in ("listeners", "advertised.listeners")
    )
    assert advertised["INSIDE"] == OURS["topics"].environment["SLAWATCH_BOOTSTRAP"]
    [(address, host, inside)] = kafka.ports
    assert (advertised["OUTSIDE"], listeners["OUTSIDE"]) == (f"{address}:{host}", f":{inside}")
    assert told["auto.create.topics.enable"] == "false"
    assert [mount.target for mount in kafka.mounts] == [told["log.dirs"]]


def test_the_notifier_finds_its_folder_and_valkey(read_as):
    """The folder is the one that is mounted, and it can be used; the claims are in the service that keeps them."""
    settings, own, _ = read_as(ALL["notifier"])
    [mount] = [mount for mount in ALL["notifier"].mounts if not mount.is_volume]
    assert settings.delivery == mount.target
    assert main(["routes", "check", str(ROOT / mount.source)]) == 0
    assert own.redis_url == "redis://valkey:6379/0"
    assert ALL["valkey"].command[0] == "valkey-server"


def test_the_canary_and_its_receiver_share_a_secret_that_is_in_no_file_of_the_project(read_as):
    """It is made on the first start, where one may write and the other two only read; and its route leads to it."""
    _, _, own = read_as(ALL["canary"])
    folder = ROOT / "deploy" / "containers" / "delivery"
    receiver = tomllib.loads((folder / "receivers.toml").read_text())["receivers"]["canary"]
    making = ALL["canary-secret"]
    assert making.command == ["canary", "--make-secret", own.secret_file]
    assert receiver["secret_file"] == own.secret_file
    assert receiver["url"] == f"http://canary:{own.status_port}/alerts"
    for name, ending in (("canary-secret", ""), ("canary", ":ro"), ("notifier", ":ro")):
        assert f"secrets:{Path(own.secret_file).parent}{ending}" in ALL[name].told["volumes"]
    for name in ("canary", "notifier"):
        assert ALL[name].told["depends_on"]["canary-secret"] == {"condition": "service_completed_successfully"}
    assert str(Path(own.secret_file).parent) in DOCKERFILE


def test_prometheus_asks_every_process_where_it_serves():
    """Each target is a service with that port, and no process is left out."""
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    [targets] = [mount.source for mount in ALL["prometheus"].mounts if mount.target == "/etc/prometheus/targets"]
    discovered = [*config["scrape_configs"], *config["alerting"]["alertmanagers"]]
    files = [file for one in discovered for group in one["file_sd_configs"] for file in group["files"]]
    groups = [group for file in files for group in yaml.safe_load((ROOT / targets / Path(file).name).read_text())]
    asked = {tuple(target.split(":")) for group in groups for target in group["targets"]}
    told = (*SERVING, "alertmanager")
    assert asked == {(name, str(inside)) for name in told for _, _, inside in ALL[name].ports}


def test_the_image_is_built_from_pinned_images_and_runs_as_nobody_in_particular():
    """A release with all its numbers; hashes for each package; a user without rights."""
    froms = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(froms) > 1
    assert all(PINNED.fullmatch(image) for image in froms)
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"


def test_what_goes_into_the_image_is_enough_to_run(tmp_path: Path):
    """The files that .dockerignore lets through, from another folder, read-only: every verb and the rulebook are there."""
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    packages = {name for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"] if "." not in name}
    assert {*packages, "rulebooks", "requirements.lock"} <= set(allowed)
    tree = tmp_path / "opt"
    tree.mkdir()
    for name in allowed:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, tree / name)
    entry = re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)
    assert entry
    command = [sys.executable, *yaml.safe_load(entry[1])[1:], "rulebook", "check", "sgcc-2014"]
    environment = {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
