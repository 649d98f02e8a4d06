"""The one way out: where it goes and where not, whom it believes, and what it does not do behind our back."""

import asyncio
import contextlib
import socket

import pytest
import trustme

from alerting.addresses import AllowList
from alerting.answer import Class, Why
from alerting.http import BODY_BYTES_MAX, Failure, Http, HttpConfig, Reply
from alerting.secret import Secret
from tests.alerting.receivers.building import NOW, build, message, table_for
from tests.alerting.receivers.scripted import Script, Scripted

LOOPBACK = {"allow_networks": ("127.0.0.0/8",)}
TIMES = {"timeout_s": 20.0, "connect_timeout_s": 20.0}


def leads_to(*addresses):
    """Answer look-ups with these addresses, one after the other, the last one for ever."""
    told = list(addresses)

    def look_up(host, port, family):
        address = told.pop(0) if len(told) > 1 else told[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(kind, socket.SOCK_STREAM, 6, "", (address, port))]

    return look_up


def ask(address, http=None, **settings):
    """Post once; what came of it."""

    async def run():
        line = (http or Http()).line(Secret(address), HttpConfig(**(TIMES | settings)))
        try:
            return await line.ask(b"{}", {"Content-Type": "application/json"})
        finally:
            await line.close()

    return asyncio.run(run())


def ask_scripted(script, scheme="http", host="127.0.0.1", tls=None, http=None, **settings):
    """Post once to a scripted receiver; what came of it, and what it was asked."""

    async def run():
        async with Scripted(script, tls) as it:
            line = (http or Http()).line(Secret(f"{scheme}://{host}:{it.port}/x"), HttpConfig(**(TIMES | settings)))
            outcome = await line.ask(b"{}", {"Content-Type": "application/json"})
            await line.close()
            return outcome, it.asked

    return asyncio.run(run())


FORBIDDEN = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0"),
    *("fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
    *("2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "not an address", ""),
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_private_and_reserved_addresses_are_forbidden(address):
    """However they are written or tunnelled to."""
    assert not AllowList([]).permits("example.org", address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"]
)
def test_public_addresses_are_permitted(address):
    """What the whole world may reach, we may."""
    assert AllowList([]).permits("example.org", address)


def test_networks_and_hosts_are_allowed_by_name():
    """An entry opens what it names, and nothing beside it."""
    allowed = AllowList(["10.20.0.0/16", "192.168.1.7", "fd00::/8", "Gateway.Example.Org", "node1"])
    assert allowed.permits("x.example", "10.20.3.4")
    assert allowed.permits("x.example", "::ffff:10.20.3.4")
    assert allowed.permits("x.example", "192.168.1.7")
    assert allowed.permits("x.example", "fd12::1")
    assert allowed.permits("gateway.example.org", "172.16.9.9")
    assert allowed.permits("node1", "172.16.9.9")
    assert not allowed.permits("x.example", "172.16.9.9")
    assert not allowed.permits("x.example", "10.21.0.1")
    assert not allowed.permits("a.gateway.example.org", "172.16.9.9")


@pytest.mark.parametrize(
    "entry", ["", "10.20.0.0/99", "10.20.0.1/16", "10.20.0.300", "https://x.example", "x y.example"]
)
def test_an_entry_that_is_none_is_told(entry):
    """A typing error must not open nothing, or everything, in silence."""
    with pytest.raises(ValueError, match="allow_networks"):
        AllowList([entry])


def test_a_name_that_leads_into_our_network_is_not_followed():
    """The connection is not even tried."""
    outcome, asked = ask_scripted(
        Script(), host="hooks.example.org", http=Http(look_up=leads_to("127.0.0.1")), allow_http=True
    )
    assert outcome == Failure(Why.FORBIDDEN_ADDRESS, outcome.detail)
    assert asked == []


def test_a_name_that_changes_between_two_requests_gains_nothing():
    """Each connection goes to an address that was checked for it: one look-up each, none between check and connection."""
    looked_up = []
    answer = leads_to("127.0.0.1", "127.0.0.2")  # the first stands for a public one, the second for one of ours

    def look_up(host, port, family):
        looked_up.append(host)
        return answer(host, port, family)

    async def run():
        async with Scripted(Script(status=204)) as it:
            config = HttpConfig(allow_http=True, allow_networks=("127.0.0.1/32",), **TIMES)
            line = Http(look_up=look_up).line(Secret(f"http://hooks.example.org:{it.port}/"), config)
            outcomes = [await line.ask(b"", {}) for _ in range(2)]
            await line.close()
            return outcomes, it.connections

    (first, second), connections = asyncio.run(run())
    assert first.status == 204
    assert second.why is Why.FORBIDDEN_ADDRESS
    assert (len(looked_up), connections) == (2, 1)


def test_of_several_addresses_only_the_permitted_are_tried():
    """A name that leads here and there is reached there only."""

    def look_up(host, port, family):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port)) for where in ("127.0.0.2", "127.0.0.1")]

    outcome, asked = ask_scripted(
        Script(status=204), host="hooks.example.org", http=Http(["127.0.0.1/32"], look_up), allow_http=True
    )
    assert outcome.status == 204
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("http://example.org/x", "not encrypted"),
        ("ftp://example.org/x", "no address of the web"),
        ("https:///x", "no address"),
        ("example.org/x", "no address of the web"),
        ("https://user:pass@example.org/x", "user or password"),
        ("https://127.0.0.1/x", "private or reserved"),
        ("https://[::1]/x", "private or reserved"),
        ("https://[::ffff:10.0.0.1]/x", "private or reserved"),
        ("https://169.254.169.254/latest", "private or reserved"),
        ("https://2130706433/x", "private or reserved"),
        ("https://example.org:99999/x", "no address"),
    ],
)
def test_an_address_we_will_not_post_to_is_refused_at_the_start(address, complaint):
    """The key is named, the address is not: it may hold a token."""
    with pytest.raises(ValueError, match=complaint) as refused:
        Http().line(Secret(address), HttpConfig())
    assert "example.org/x" not in str(refused.value)
    assert str(refused.value).startswith("url ")


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "0177.0.0.1", "localhost"])
def test_uncommon_ways_to_write_loopback_lead_nowhere(host):
    """What the system would take for 127.0.0.1 is not reached either."""
    asked = []
    with contextlib.suppress(ValueError):  # some are refused at the start
        outcome, asked = ask_scripted(Script(), host=host, allow_http=True)
        assert outcome.why in {Why.FORBIDDEN_ADDRESS, Why.NO_CONNECTION}
    assert asked == []


def test_a_name_that_is_not_found():
    """No connection, which may be better in a minute."""

    def look_up(host, port, family):
        raise socket.gaierror(socket.EAI_NONAME, "canary-of-the-resolver")

    outcome = ask("https://hooks.example.org/x", Http(look_up=look_up))
    assert outcome == Failure(Why.NO_CONNECTION, "the name of the host is not found")


def test_nobody_listens():
    """No connection either, with the system's short word for it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outcome = ask(f"http://127.0.0.1:{port}/", allow_http=True, **LOOPBACK)
    assert outcome == Failure(Why.NO_CONNECTION, "no connection (ECONNREFUSED)")


def test_a_certificate_of_our_own_authority_is_believed(serving, ca_file):
    """`ca_file` says whom we believe."""
    tls = serving("127.0.0.1")
    outcome, _ = ask_scripted(Script(status=204), "https", tls=tls, ca_file=ca_file, **LOOPBACK)
    assert outcome.status == 204


def test_a_certificate_for_another_name_is_not_believed(serving, ca_file):
    """And nothing is sent."""
    tls = serving("elsewhere.example.org")
    outcome, asked = ask_scripted(Script(), "https", tls=tls, ca_file=ca_file, **LOOPBACK)
    assert outcome.why is Why.UNTRUSTED
    assert asked == []


@pytest.mark.parametrize("own", [True, False], ids=["ours is asked for", "the system's are"])
def test_a_certificate_of_a_stranger_is_not_believed(own, serving, ca_file):
    """Whoever can answer in the receiver's place learns nothing."""
    tls = serving("127.0.0.1", by=trustme.CA())
    outcome, asked = ask_scripted(Script(), "https", tls=tls, ca_file=ca_file if own else None, **LOOPBACK)
    assert outcome.why is Why.UNTRUSTED
    assert asked == []


def test_an_untrusted_receiver_is_tried_again(serving, ca_file):
    """Certificates run out and are renewed; a page must outlive that."""

    async def run():
        async with Scripted(Script(), serving("elsewhere.example.org")) as it:
            url = f"https://127.0.0.1:{it.port}/hook"
            receiver = build("webhook", table_for("webhook", it.port, url=url, ca_file=ca_file))
            answer = await receiver.send(message(), NOW)
            await receiver.close()
            return answer

    answer = asyncio.run(run())
    assert (answer.kind, answer.why) == (Class.RETRY, Why.UNTRUSTED)


def test_tls_to_a_receiver_that_speaks_none(ca_file):
    """It is not spoken to in clear instead."""
    outcome, asked = ask_scripted(Script(trick="noise_first"), "https", ca_file=ca_file, **LOOPBACK)
    assert outcome.why is Why.UNTRUSTED
    assert asked == []


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    """A variable that somebody set does not see our alerts."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outcome, _ = ask_scripted(Script(status=204), allow_http=True, **LOOPBACK)
    assert outcome.status == 204


def test_a_body_is_read_to_its_limit():
    """More is not kept, whatever the receiver says."""
    outcome, _ = ask_scripted(Script(body=b"x" * (BODY_BYTES_MAX + 5)), allow_http=True, **LOOPBACK)
    assert isinstance(outcome, Reply)
    assert len(outcome.body) == BODY_BYTES_MAX


def test_what_is_packed_is_not_unpacked():
    """We ask for nothing packed, and a small body cannot become a large one."""
    script = Script(headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b not really")
    outcome, asked = ask_scripted(script, allow_http=True, **LOOPBACK)
    assert outcome.body == script.body
    assert asked[0].headers["accept-encoding"] == "identity"


def test_no_cookie_comes_back():
    """A receiver does not get to know us again by what it left with us."""

    async def run():
        script = Script(headers={"Set-Cookie": "who=you; Path=/"})
        async with Scripted(script) as it:
            config = HttpConfig(allow_http=True, **LOOPBACK, **TIMES)
            http = Http(look_up=leads_to("127.0.0.1"))  # cookies are for names only
            line = http.line(Secret(f"http://hooks.example.org:{it.port}/"), config)
            await line.ask(b"", {})
            await line.ask(b"", {})
            await line.close()
            return it.asked

    assert "cookie" not in asyncio.run(run())[1].headers


def test_a_ca_file_that_holds_none(tmp_path):
    """The key and the remedy are named."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path in (str(empty), str(tmp_path / "missing.pem")):
        with pytest.raises(ValueError, match=r"ca_file: .*name a PEM file"):
            Http().line(Secret("https://example.org/x"), HttpConfig(ca_file=path))


def test_a_slow_look_up_holds_up_nobody_else():
    """Names are looked up in a thread of the receiver's own."""
    import threading

    let_go = threading.Event()

    def stuck(host, port, family):
        let_go.wait(20)
        return leads_to("127.0.0.1")(host, port, family)

    async def run():
        async with Scripted(Script(status=204)) as it:
            config = HttpConfig(allow_http=True, **LOOPBACK, timeout_s=0.3)
            slow = Http(look_up=stuck).line(Secret(f"http://slow.example.org:{it.port}/"), config)
            others = [
                Http(look_up=leads_to("127.0.0.1")).line(
                    Secret(f"http://h{i}.example.org:{it.port}/"), HttpConfig(allow_http=True, **LOOPBACK, **TIMES)
                )
                for i in range(3)
            ]
            hung = [asyncio.create_task(slow.ask(b"", {})) for _ in range(40)]
            quick = await asyncio.gather(*(line.ask(b"", {}) for line in others))
            late = await asyncio.gather(*hung)
            for line in (slow, *others):
                await line.close()
            return quick, late

    try:
        quick, late = asyncio.run(run())
    finally:
        let_go.set()
    assert [reply.status for reply in quick] == [204] * 3
    assert {failure.why for failure in late} == {Why.TIMED_OUT}
