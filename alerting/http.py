"""The one way out by HTTP: a request with limits on everything, to an address that was checked, telling no secret.

Why: receivers are other people's machines. They hang, drip, redirect, answer gigabytes, or their name suddenly leads
into our own network; none of that may hold up another receiver, or end in an exception with a robot's password in its
text. May be imported by `alerting` and `cli`.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from alerting.addresses import AllowList
from alerting.answer import Why
from alerting.secret import Masked, Secret

BODY_BYTES_MAX: Final = 64 * 1024
AGENT: Final = "slawatch"

Seconds = Annotated[float, msgspec.Meta(ge=0.1, le=30)]


class HttpConfig(Masked, frozen=True, kw_only=True):
    """What every receiver that is reached by HTTP can be told.

    `timeout_s` bounds an attempt as a whole, `connect_timeout_s` the part until the connection stands. `ca_file`: a
    PEM file of the authorities that are trusted instead of the system's.
    """

    timeout_s: Seconds = 5.0
    connect_timeout_s: Seconds = 3.0
    ca_file: str | None = None
    allow_http: bool = False
    allow_networks: tuple[str, ...] = ()


class UrlConfig(HttpConfig, frozen=True, kw_only=True):
    """As HttpConfig, with the one address of the receiver."""

    url: str | None = None
    url_file: str | None = None
    url_env: str | None = None


class Reply(msgspec.Struct, frozen=True):
    """What a receiver answered: names of headers in small letters, at most BODY_BYTES_MAX bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Failure(msgspec.Struct, frozen=True):
    """Why there is no reply; `detail` holds neither the address nor anything of the request."""

    why: Why
    detail: str


Lookup = Callable[[str, int, socket.AddressFamily], list[Any]]


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)


class Http:
    """Makes the lines to receivers.

    `allow_networks` holds for all of them, beside each one's own. `look_up` is asked for addresses, in a thread.
    """

    def __init__(self, allow_networks: Iterable[str] = (), look_up: Lookup = _look_up) -> None:
        self._allowed = tuple(allow_networks)
        self._look_up = look_up

    def line(self, address: Secret, config: HttpConfig, key: str = "url") -> Line:
        """The line to one address. Raises ValueError, naming `key`, for an address we will not post to."""
        allowed = AllowList((*self._allowed, *config.allow_networks))
        url = _checked(address, config.allow_http, allowed, key)
        return Line(url, config, _Resolver(allowed, self._look_up))


class Line:
    """The way to one receiver, with its own connections and its own thread for names: a slow one delays no other."""

    def __init__(self, url: URL, config: HttpConfig, resolver: _Resolver) -> None:
        """Raises ValueError if `ca_file` holds no certificates."""
        self.url = url
        self._config = config
        self._resolver = resolver
        self._tls = _trust(config.ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        method: str = "POST",
        query: Mapping[str, str] | None = None,
    ) -> Reply | Failure:
        """Send one request and read the answer, all within the timeout. Redirects are answers like any other."""
        try:
            async with asyncio.timeout(self._config.timeout_s):
                return await self._ask(method, self.url.update_query(query or {}), body, headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _failure(error, self._config)

    async def _ask(self, method: str, url: URL, body: bytes, headers: Mapping[str, str]) -> Reply:
        session = self._open()
        request = session.request(
            method, url, data=body, headers=headers, ssl=self._tls, allow_redirects=False, max_redirects=0
        )
        async with request as response:
            read = bytearray()
            async for piece in response.content.iter_chunked(8192):
                read += piece
                if len(read) > BODY_BYTES_MAX:
                    response.close()  # the rest is not wanted
                    break
            names = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, names, bytes(read[:BODY_BYTES_MAX]))

    def _open(self) -> aiohttp.ClientSession:
        """Open the session when it is first needed: it belongs to the loop that is running then."""
        if self._session is None:
            # Each request has a connection of its own: one kept for later is often closed at the other end by the
            # time it is needed, and a page would wait for its second attempt.
            connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, force_close=True)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._config.connect_timeout_s),
                # What is not unpacked cannot unpack to gigabytes.
                auto_decompress=False,
                headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        self._resolver.stop()


class _ForbiddenAddress(OSError):
    """A name that leads only where we must not go."""


class _Resolver(AbstractResolver):
    """Looks a name up and hands on only addresses we may connect to.

    The connection goes to one of exactly these, so a name that changes between check and connection gains nothing.
    """

    def __init__(self, allowed: AllowList, look_up: Lookup) -> None:
        self._allowed = allowed
        self._look_up = look_up
        self._thread: ThreadPoolExecutor | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError if nothing is found, or nothing that is allowed."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="names")
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._look_up, host, port, family)
        permitted = [
            ResolveResult(
                hostname=host, host=where[0], port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, where in found
            if self._allowed.permits(host, where[0])
        ]
        if not permitted:
            raise _ForbiddenAddress
        return permitted

    async def close(self) -> None:
        """The session closes its resolver; the thread goes with `stop`."""

    def stop(self) -> None:
        """Let the thread end once its look-up, if one hangs, is over."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None


def _checked(address: Secret, allow_http: bool, allowed: AllowList, key: str) -> URL:
    try:
        url = URL(address.reveal())
        scheme, host, user = url.scheme, url.host, url.user or url.password
    except ValueError:
        raise ValueError(f"{key} is no address: write https://host/path") from None
    if scheme not in {"http", "https"} or not host:
        raise ValueError(f"{key} is no address of the web: write https://host/path")
    if scheme == "http" and not allow_http:
        raise ValueError(f"{key} is not encrypted: write https://, or allow_http = true if the network is trusted")
    if user:
        raise ValueError(f"{key} holds a user or password before the host: leave them out")
    literal = _is_address(host)
    if literal and not allowed.permits(host, host):
        raise ValueError(f"{key} leads to a private or reserved address: add it to allow_networks if that is meant")
    return url.with_fragment(None)


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


@functools.cache
def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "it holds none"
        raise ValueError(
            f"ca_file: no certificates in {ca_file} ({reason}): name a PEM file that we may read"
        ) from None


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Whom we believe: the system's authorities, or those of a PEM file. Raises ValueError if it holds none."""
    return _trust(ca_file)


def _failure(error: Exception, config: HttpConfig) -> Failure:
    """Name a failure. Texts of errors are never used: aiohttp writes addresses, with their tokens, into them."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Failure(Why.NO_CONNECTION, f"no connection within {config.connect_timeout_s:g} s")
    if isinstance(error, TimeoutError):
        return Failure(Why.TIMED_OUT, f"no complete answer within {config.timeout_s:g} s")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Failure(Why.UNTRUSTED, "no TLS connection: the certificate, or the protocol, is not acceptable")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error)
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(Why.UNKNOWN_ANSWER, "the answer is not HTTP")
    if isinstance(error, aiohttp.InvalidURL):
        return Failure(Why.FORBIDDEN_ADDRESS, "the host is a number that is written in an uncommon way")
    return Failure(Why.BROKEN_OFF, "the connection broke off before the answer was complete")


def _unconnected(error: aiohttp.ClientConnectorError) -> Failure:
    cause = error.os_error
    if isinstance(cause, _ForbiddenAddress):
        return Failure(Why.FORBIDDEN_ADDRESS, "the name leads to a private or reserved address: see allow_networks")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Failure(Why.NO_CONNECTION, "the name of the host is not found")
    return Failure(Why.NO_CONNECTION, f"no connection ({errno.errorcode.get(cause.errno or 0, 'no reason given')})")
