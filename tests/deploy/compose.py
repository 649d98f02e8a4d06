"""docker-compose.yml as its engine reads it: variables filled in, and what each service is told. Used by tests here."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
OURS = "slawatch:"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


@dataclass(frozen=True)
class Mount:
    """What stands where in a container: a path of the project, or the name of a volume."""

    source: str
    target: str

    @property
    def is_volume(self):
        """Whether the engine keeps it."""
        return not self.source.startswith((".", "/"))


class Service:
    """One service, in the words of the file."""

    def __init__(self, name, told):
        self.name, self.told = name, told
        self.image = told["image"]
        self.command = told.get("command", [])
        self.environment = {key: str(value) for key, value in told.get("environment", {}).items()}

    @property
    def ours(self):
        """Whether it runs slawatch."""
        return self.image.startswith(OURS)

    @property
    def mounts(self):
        """Its mounts."""
        return [Mount(*volume.split(":")[:2]) for volume in self.told.get("volumes", [])]

    @property
    def ports(self):
        """Where each published port is on the host, and which it is in the container."""
        return [(address, int(host), int(inside)) for address, host, inside in map(_port, self.told.get("ports", []))]

    @property
    def health(self):
        """The command that asks how it is; None without one."""
        check = self.told.get("healthcheck")
        if check is None:
            return None
        assert check["test"][0] == "CMD", "a shell is one thing more that may be missing"
        return check["test"][1:]

    @property
    def names(self):
        """What others in the network call it."""
        return {self.name, *self.told.get("networks", {}).get("default", {}).get("aliases", [])}


def _port(text):
    parts = text.split(":")
    assert len(parts) == 3, f"{text}: say the address of the host, the port there and the port inside"
    return parts


def services(**variables):
    """Every service by name, with these variables set and the others left to their defaults."""
    text = _VARIABLE.sub(lambda found: variables.get(found[1], found[2]), FILE.read_text())
    return {name: Service(name, told) for name, told in yaml.safe_load(text)["services"].items()}


def seconds(length):
    """A length of time of the file: `30s`."""
    found = re.fullmatch(r"(\d+)s", length)
    assert found, f"{length}: written otherwise than the rest"
    return int(found[1])


def broker_settings(kafka):
    """What Kafka's image makes of its variables: KAFKA_LOG_DIRS is `log.dirs`."""
    own = {name: value for name, value in kafka.environment.items() if name not in {"CLUSTER_ID", "KAFKA_HEAP_OPTS"}}
    assert all(name.startswith("KAFKA_") for name in own)
    return {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in own.items()}
