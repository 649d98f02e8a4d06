"""Mail: a real SMTP server receives it; what the server says is classed; nothing in a text becomes a header."""

import asyncio
import email
import logging
import socket
from email import policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerting import texts
from alerting.text import Text
from tests.alerting.receivers.building import CANARY, NOW, build, message

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


class Loopback(Controller):
    """The server on a port that the system chooses."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Desk:
    """What the server does with a mail: keeps it, or answers as told."""

    def __init__(self, recipients=(), data="250 OK", mail="250 OK"):
        self.mails = []
        self.recipients = dict(recipients)
        self.data = data
        self.mail = mail
        self.login = None

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802  the library names it
        """Take a sender, or not."""
        if self.mail == "250 OK":
            envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  the library names it
        """Take a recipient, or not."""
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  the library names it
        """Take the mail, or not."""
        if self.data == "hang":
            await asyncio.sleep(3600)
        if self.data.startswith("2"):
            self.mails.append(
                (list(envelope.rcpt_tos), email.message_from_bytes(envelope.content, policy=policy.default))
            )
        return self.data


@pytest.fixture
def serve():
    """Start real SMTP servers on loopback; they end with the test."""
    started = []

    def start(desk, **settings):
        def authenticate(server, session, envelope, mechanism, data):
            desk.login = (data.login.decode(), data.password.decode())
            return AuthResult(success=desk.login == ("duty", CANARY), handled=False)

        controller = Loopback(desk, hostname="127.0.0.1", port=0, authenticator=authenticate, **settings)
        controller.start()
        started.append(controller)
        return controller.port

    yield start
    for controller in started:
        controller.stop()


def mail(port, messages=(None,), **settings):
    """Send these messages; the answers."""

    async def run():
        base = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 20.0}
        base |= {"sender": "SLA 值班 <slawatch@example.org>", "to": ["a@example.org", "b@example.org"]}
        receiver = build("mail", base | settings)
        answers = [await receiver.send(told or message(), NOW) for told in messages]
        await receiver.close()
        return answers

    return asyncio.run(run())


def test_a_real_server_receives_the_mail(serve):
    """Sender, recipients, subject and text, in Chinese, and an id that follows from the message's key."""
    desk = Desk()
    first, second = mail(serve(desk), [message(), message()])
    assert (first.kind, first.why, first.status) == ("sent", "accepted", 250)
    assert second.kind == "sent"
    (to, one), (_, again) = desk.mails
    assert to == ["a@example.org", "b@example.org"]
    assert one["Subject"] == "抢修工单派发超时"
    assert one["From"] == "SLA 值班 <slawatch@example.org>"
    assert one["To"] == "a@example.org, b@example.org"
    assert one["Date"].datetime.timestamp() == int(NOW.timestamp())
    assert one["Auto-Submitted"] == "auto-generated"
    assert one["Message-ID"].endswith("@example.org>")
    assert one["Message-ID"] == again["Message-ID"]
    assert one.get_content_type() == "text/plain"
    assert one["Content-Transfer-Encoding"] == "base64"  # not every server takes more than 7 bits
    assert one.get_content().splitlines() == ["2026112300017", "第二十二条 “3201”", "raised"]


def test_a_text_cannot_become_a_header(serve, monkeypatch):
    """Line breaks in a title are blanks in a subject."""
    evil = "late\r\nBcc: everybody@example.org\n\nHello\x00\u2028X-Evil: 1"
    monkeypatch.setattr(texts, "compose", lambda *_, **__: Text(evil, ".\r\n.\nQUIT\n"))
    desk = Desk()
    assert mail(serve(desk))[0].kind == "sent"
    ((to, one),) = desk.mails
    assert one["Subject"] == "late Bcc: everybody@example.org Hello X-Evil: 1"
    assert one["Bcc"] is None
    assert one["X-Evil"] is None
    assert len(to) == 2
    assert one.get_content().splitlines() == [".", ".", "QUIT"]


def test_over_starttls_with_user_and_password(serve, serving, ca_file):
    """The usual way: nothing is said before the line is encrypted."""
    desk = Desk()
    port = serve(desk, tls_context=serving("127.0.0.1"), require_starttls=True, auth_required=True)
    (answer,) = mail(port, tls="starttls", ca_file=ca_file, user="duty", password=CANARY)
    assert answer.kind == "sent", answer
    assert desk.login == ("duty", CANARY)


def test_over_tls_from_the_first_byte(serve, serving, ca_file):
    """The other usual way."""
    desk = Desk()
    port = serve(desk, ssl_context=serving("127.0.0.1"), auth_require_tls=False)
    (answer,) = mail(port, tls="tls", ca_file=ca_file)
    assert answer.kind == "sent", answer


def test_a_wrong_password(serve, serving, ca_file):
    """Refused: it will be as wrong the next time."""
    port = serve(Desk(), tls_context=serving("127.0.0.1"))
    (answer,) = mail(port, tls="starttls", ca_file=ca_file, user="duty", password=f"{CANARY}-wrong")
    assert (answer.kind, answer.why, answer.status) == ("refused", "not_authorised", 535)
    assert CANARY not in repr(answer)


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_server_with_a_wrong_certificate_gets_nothing(way, serve, serving, ca_file):
    """No mail, no password."""
    desk = Desk()
    tls = serving("elsewhere.example.org")
    port = serve(desk, **({"tls_context": tls} if way == "starttls" else {"ssl_context": tls}))
    (answer,) = mail(port, tls=way, ca_file=ca_file, user="duty", password=CANARY)
    assert (answer.kind, answer.why) == ("retry", "untrusted")
    assert desk.login is None
    assert desk.mails == []


def test_a_server_that_offers_no_tls_gets_nothing(serve, ca_file):
    """Whoever takes the offer out of the server's greeting must not get the password."""
    desk = Desk()
    (answer,) = mail(
        serve(desk, auth_require_tls=False), tls="starttls", ca_file=ca_file, user="duty", password=CANARY
    )
    assert (answer.kind, answer.why) == ("retry", "untrusted")
    assert desk.login is None
    assert desk.mails == []


@pytest.mark.parametrize(
    ("told", "kind", "why"),
    [
        ({"data": "451 later"}, "retry", "server_error"),
        ({"data": "452 full"}, "retry", "server_error"),
        ({"data": "552 too large"}, "refused", "too_large"),
        ({"data": "554 spam"}, "refused", "malformed"),
        ({"mail": "421 going down"}, "retry", "server_error"),
        ({"mail": "530 who are you"}, "refused", "not_authorised"),
        ({"mail": "550 not you"}, "refused", "malformed"),
    ],
)
def test_what_the_server_says(told, kind, why, serve):
    """4xx is tried again, 5xx is not."""
    (answer,) = mail(serve(Desk(**told)))
    assert (answer.kind, answer.why) == (kind, why)
    assert str(answer.status) in next(iter(told.values()))


def test_who_has_the_mail_does_not_get_it_again(serve):
    """One recipient is to be tried later: the next attempt is for that one only."""
    desk = Desk({"b@example.org": "450 greylisted"})

    async def run():
        port = serve(desk)
        base = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 20.0, "sender": "s@example.org"}
        receiver = build("mail", base | {"to": ["a@example.org", "b@example.org"]})
        first = await receiver.send(message(), NOW)
        desk.recipients.clear()
        return first, await receiver.send(message(), NOW)

    first, second = asyncio.run(run())
    assert (first.kind, first.status) == ("retry", 450)
    assert first.detail.startswith("1 of 2 recipients still to be told")
    assert second.kind == "sent"
    assert [to for to, _ in desk.mails] == [["a@example.org"], ["b@example.org"]]


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_recipient_that_does_not_exist(all_of_them, serve):
    """If somebody has the mail it is sent, and says that one is refused; by number, for addresses are personal."""
    refused = {"b@example.org": "550 no such user"} | ({"a@example.org": "550 no such user"} if all_of_them else {})
    (answer,) = mail(serve(Desk(refused)))
    assert answer.kind == ("refused" if all_of_them else "sent")
    assert answer.detail.startswith(f"{2 if all_of_them else 1} of 2 recipients refused for good")
    assert "example.org" not in answer.detail


def test_nobody_listens_or_nobody_speaks(serve):
    """No connection, no answer, no SMTP: each has its name, and is tried again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (answer,) = mail(port, timeout_s=0.3)
        assert (answer.kind, answer.why) == ("retry", "timed_out")
    (answer,) = mail(port)
    assert (answer.kind, answer.why) == ("retry", "no_connection")
    (answer,) = mail(serve(Desk(data="hang")), timeout_s=0.5)
    assert (answer.kind, answer.why) == ("retry", "timed_out")


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"220 hello\r\n", b"999 what\r\n"])
def test_something_else_than_a_mail_server(greeting):
    """It is no exception, whatever it says."""

    async def run():
        async def talk(reader, writer):
            writer.write(greeting)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        base = {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "tls": "none", "timeout_s": 20.0}
        answer = await build("mail", base | {"sender": "s@example.org", "to": ["a@example.org"]}).send(message(), NOW)
        server.close()
        await server.wait_closed()
        return answer

    assert asyncio.run(run()).kind == "retry"


def test_no_log_and_no_answer_holds_the_password(serve, serving, ca_file, caplog, capfd):
    """Not even when all goes wrong."""
    caplog.set_level(logging.DEBUG, "aiosmtplib")
    caplog.set_level(logging.DEBUG, "alerting")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the server under test, which is not ours
    seen = ""
    for desk in (
        Desk(),
        Desk(data=f"550 {CANARY}"),
        Desk(mail=f"450 {CANARY}"),
        Desk({"a@example.org": f"550 {CANARY}"}),
    ):
        port = serve(desk, tls_context=serving("127.0.0.1"))
        for password in (CANARY, f"{CANARY}-wrong"):
            seen += repr(mail(port, tls="starttls", ca_file=ca_file, user="duty", password=password))
    assert seen.count("Answer(") == 8
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail."))
    assert CANARY not in seen + ours + "".join(capfd.readouterr())
