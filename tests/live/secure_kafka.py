"""A real Kafka that lets nobody in without TLS, a password and rights: one node, and an operator's door beside it."""

import ssl
from pathlib import Path

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from streams.brokers.local import LocalKafka
from tests.live.stage import free_port

MECHANISM = "SCRAM-SHA-512"


class SecureKafka:
    """The broker. `bootstrap` is the door with a lock; `operator` opens the other one, with every right."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca_file, keystore = folder / "ca.pem", folder / "server.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        own = authority.issue_cert("localhost")
        key = load_pem_private_key(own.private_key_pem.bytes(), None)  # Kafka reads PKCS#8 only
        keystore.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with keystore.open("ab") as chain:
            for certificate in own.cert_chain_pems:
                chain.write(certificate.bytes())
        port, locked, controller = free_port(), free_port(), free_port()
        self.bootstrap = f"localhost:{locked}"
        self.kafka = LocalKafka(folder / "kafka", port=port, overrides={
            "listeners": f"PLAINTEXT://127.0.0.1:{port},LOCKED://127.0.0.1:{locked},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},LOCKED://{self.bootstrap}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOCKED:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "sasl.enabled.mechanisms": MECHANISM,
            "listener.name.locked.scram-sha-512.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": keystore,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        })  # fmt: skip

    def __enter__(self) -> "SecureKafka":
        self.kafka.start()
        self.operator = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        return self

    def __exit__(self, *_: object) -> None:
        self.kafka.stop()

    def user(self, name: str, password: str) -> None:
        """Make a user, who may do nothing yet."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        wanted = UserScramCredentialUpsertion(name, info, password.encode())
        for future in self.operator.alter_user_scram_credentials([wanted]).values():
            future.result(30)

    def grant(self, name: str, kind: str, resource: str, *operations: str) -> None:
        """Let a user do something with one topic or group, as `kafka-acls.sh --add` does."""
        for future in self.operator.create_acls(_bindings(name, kind, resource, operations)).values():
            future.result(30)

    def settings(self, name: str, password: str) -> str:
        """What slawatch.toml says of this cluster."""
        return (
            f'bootstrap = "{self.bootstrap}"\n'
            'kafka_security_protocol = "SASL_SSL"\n'
            f'kafka_sasl_mechanism = "{MECHANISM}"\n'
            f'kafka_sasl_username = "{name}"\n'
            f'kafka_sasl_password = "{password}"\n'
            f'kafka_ssl_ca_location = "{self.ca_file}"\n'
        )

    def other_authority(self, folder: Path) -> Path:
        """The certificate of an authority that signed nothing here."""
        path = folder / "other-ca.pem"
        trustme.CA().cert_pem.write_to_path(str(path))
        assert ssl.create_default_context(cafile=str(path))
        return path


def _bindings(name: str, kind: str, resource: str, operations: tuple[str, ...]) -> list[AclBinding]:
    return [
        AclBinding(
            ResourceType[kind.upper()], resource, ResourcePatternType.LITERAL, f"User:{name}", "*",
            AclOperation[operation], AclPermissionType.ALLOW,
        )
        for operation in operations
    ]  # fmt: skip
