"""E-mail by SMTP: plain text to a list of people, over TLS.

The Message-ID follows from the message's key, so a mailbox can tell a repeat. A mail that some recipients took and
others did not yet is sent again to those others only. The server is named in the configuration and usually stands in
our own network, so its address is not checked as a web address is.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr
from typing import Annotated, Final, Literal

import aiosmtplib
import msgspec

from alerting import texts
from alerting.answer import Answer, Class, Why
from alerting.http import Seconds, trust
from alerting.message import Message
from alerting.receiver import Kind, Surroundings, Traits
from alerting.secret import Masked, Secret, find_secret
from alerting.taken import Taken
from alerting.text import Limits, Text

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LIMITS: Final = Limits(title_bytes=200, body_bytes=200_000)
_ADDRESS: Final = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
_NOT_AUTHORISED: Final = frozenset({530, 534, 535, 538})
_TOO_LARGE: Final = frozenset({523, 552})


class Config(Masked, frozen=True, kw_only=True):
    """`tls`: `starttls` (port 587), `tls` from the first byte (465), or `none` (25), which no password goes over."""

    host: str
    sender: str
    to: list[str]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] | None = None
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    ca_file: str | None = None
    timeout_s: Seconds = 10.0


class Mail:
    """One server, one list of people."""

    def __init__(self, config: Config, password: Secret | None, surroundings: Surroundings) -> None:
        """Raises ValueError if `ca_file` holds no certificates."""
        self.traits = Traits(people=True, limits=_LIMITS, at_once=2)
        self._config = config
        self._password = password
        self._tls = trust(config.ca_file)
        self._taken = Taken(config.to)
        self._language = surroundings.language
        self._unit_names = surroundings.unit_names
        self._zone = surroundings.zone

    async def send(self, message: Message, now: datetime) -> Answer:
        """See `alerting.receiver.Receiver`."""
        text = texts.compose(message, self._language, _LIMITS, self._unit_names, now, zone=self._zone)
        content = letter(text, message.key, self._config, now).as_bytes(policy=WIRE)
        recipients = self._taken.open(message.key)
        try:
            async with asyncio.timeout(self._config.timeout_s):
                refusals = await self._hand_over(content, recipients)
        except (aiosmtplib.SMTPException, TimeoutError, OSError) as error:
            return _failure(error, self._config)
        answers = {to: _by_status(refusals.get(to, 250)) for to in recipients}
        return self._taken.settle(message.key, answers)

    async def _hand_over(self, content: bytes, recipients: Sequence[str]) -> dict[str, int]:
        """Send to as many as the server lets us; the status of each it refused. Raises what the library raises."""
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port or _PORTS[config.tls],
            local_hostname=socket.gethostname(),
            use_tls=config.tls == "tls",
            start_tls=False,  # done below, where its absence has a name
            tls_context=self._tls,
            timeout=config.timeout_s,
        )
        try:
            await client.connect()
            await client.ehlo()
            if config.tls == "starttls":
                if not client.supports_extension("starttls"):
                    raise ssl.SSLError
                await client.starttls()
                await client.ehlo()
            if config.user is not None and self._password is not None:
                await client.login(config.user, self._password.reveal())
            refused, _ = await client.sendmail(parseaddr(config.sender)[1], list(recipients), content)
            # The mail is taken; a server that will not say goodbye does not change that.
            with contextlib.suppress(aiosmtplib.SMTPException, TimeoutError, OSError):
                await client.execute_command(b"QUIT", timeout=1.0)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {refusal.recipient: refusal.code for refusal in error.recipients}
        finally:
            if isinstance(client.transport, asyncio.WriteTransport):
                client.transport.abort()  # a server that hangs would not answer a polite goodbye of TLS either
            client.close()
        return {recipient: response.code for recipient, response in refused.items()}

    async def close(self) -> None:
        """Nothing stays open between two mails."""


def letter(text: Text, key: str, config: Config, now: datetime) -> EmailMessage:
    """The mail. Nothing in a text can become a header: line breaks and control characters are dropped."""
    mail = EmailMessage(policy=WIRE)
    mail["From"] = config.sender
    mail["To"] = ", ".join(config.to)
    mail["Subject"] = " ".join("".join(c if c.isprintable() else " " for c in text.title).split())
    mail["Date"] = format_datetime(now)
    domain = parseaddr(config.sender)[1].rpartition("@")[2]
    mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # so that no absence note comes back
    mail.set_content(text.body, cte="base64")  # travels through every server, whatever the language
    return mail


def _failure(error: Exception, config: Config) -> Answer:
    """Name a failure. Texts of servers are never used: they may repeat addresses, or what we sent."""
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Answer(
            Class.RETRY, Why.UNTRUSTED, detail="no TLS: none is offered, or the certificate is not acceptable"
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_status(error.code)
    if isinstance(error, aiosmtplib.SMTPConnectError) and not isinstance(error, aiosmtplib.SMTPTimeoutError):
        return Answer(Class.RETRY, Why.NO_CONNECTION, detail="no connection to the mail server")
    if isinstance(error, TimeoutError):
        return Answer(Class.RETRY, Why.TIMED_OUT, detail=f"no answer within {config.timeout_s:g} s")
    if isinstance(error, OSError):
        return Answer(Class.RETRY, Why.BROKEN_OFF, detail="the connection broke off")
    told = "the server offers no way to log in, or lacks an extension: check user, password and tls"
    return Answer(Class.REFUSED, Why.NOT_AUTHORISED, detail=told)


def _by_status(code: int) -> Answer:
    if code == 250:
        return Answer(Class.SENT, Why.ACCEPTED, code)
    if 400 <= code <= 499:
        return Answer(Class.RETRY, Why.SERVER_ERROR, code, detail="the mail server asks to try again later")
    if code in _NOT_AUTHORISED:
        return Answer(
            Class.REFUSED, Why.NOT_AUTHORISED, code, detail="the mail server does not accept user or password"
        )
    if code in _TOO_LARGE:
        return Answer(Class.REFUSED, Why.TOO_LARGE, code, detail="the mail is too large for the server")
    if 500 <= code <= 599:
        return Answer(
            Class.REFUSED, Why.MALFORMED, code, detail="the mail server refuses for good: check sender and to"
        )
    return Answer(Class.RETRY, Why.UNKNOWN_ANSWER, detail="the server does not speak SMTP")


def _make(config: Config, surroundings: Surroundings) -> Mail:
    password = find_secret(config, "password")
    if (config.user is None) != (password is None):
        raise ValueError("user and password belong together: give both or neither")
    if password is not None and config.tls == "none":
        raise ValueError('tls = "none" would show the password to everybody on the way: use starttls or tls')
    if not config.to:
        raise ValueError("to is empty: list who shall have the mails")
    for key, address in (("sender", config.sender), *((f"to[{i}]", to) for i, to in enumerate(config.to))):
        if not _ADDRESS.fullmatch(parseaddr(address)[1]) or not address.isprintable():
            raise ValueError(f"{key}: {address!r} is no mail address: write name@example.org")
        if key != "sender" and parseaddr(address)[1] != address:
            raise ValueError(f"{key}: write the address alone, without a name")
    if not config.host.isprintable() or not config.host or " " in config.host:
        raise ValueError("host is no name of a server")
    return Mail(config, password, surroundings)


KIND = Kind("mail", Config, _make)
