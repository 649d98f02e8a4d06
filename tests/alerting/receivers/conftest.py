"""Fixtures of the receivers' tests: texts that need no texts, and certificates that are trusted or are not."""

import ssl

import pytest
import trustme

from alerting import texts
from tests.alerting.receivers import building


@pytest.fixture(autouse=True)
def _plain_texts(monkeypatch):
    """What a text says is proven elsewhere."""
    monkeypatch.setattr(texts, "compose", building.compose)


@pytest.fixture(scope="session")
def authority():
    """An authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority, tmp_path_factory):
    """Its certificate, as `ca_file` wants it."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def serving(authority):
    """Make the TLS context of a server that shows a certificate for these names."""

    def make(*names: str, by: trustme.CA | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (by or authority).issue_cert(*names).configure_cert(context)
        return context

    return make
