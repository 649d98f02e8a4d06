"""A receiver on loopback that plays one answer, byte by byte or worse, and keeps what it was asked.

Plain sockets, because half of the answers are none that a proper HTTP server would give.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Self

WORDS = {
    "noise": b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
    "early": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "broken_chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n",
    "two_lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
}


@dataclass
class Asked:
    """One request, as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """What is answered: a status with headers and a body, or one of the tricks."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    trick: str = ""

    def wire(self, length: int | None = None) -> bytes:
        """The answer as bytes."""
        lines = [f"HTTP/1.1 {self.status} Scripted"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body) if length is None else length}", "", ""]
        return "\r\n".join(lines).encode() + self.body


class Scripted:
    """The receiver. `async with Scripted(script) as it:`, then `it.port` and `it.asked`."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self._tls = tls
        self._over = asyncio.Event()
        self._serving: set[asyncio.Task] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_) -> None:
        self._over.set()
        self._server.close()
        await self._server.wait_closed()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.add(asyncio.current_task())
        if self.script.trick == "noise_first":
            writer.write(WORDS["noise"] * 20)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.asked.append(Asked(head[0], headers, body))
            async for piece in self._play(writer):
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _play(self, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
        script = self.script
        match script.trick:
            case "":
                yield script.wire()
            case trick if trick in WORDS:
                yield WORDS[trick]
            case "hang":
                await self._over.wait()
            case "drip":  # each byte comes in time, the answer never does
                for byte in script.wire(length=100_000) + b"x" * 100_000:
                    yield bytes([byte])
                    await self._or_over(0.02)
            case "hang_in_body":
                yield script.wire(length=len(script.body) + 10)
                await self._over.wait()
            case "reset":
                # With no linger a close is a reset.
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            case "reset_in_body":
                yield script.wire(length=len(script.body) + 10)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                writer.transport.abort()
            case "silence" | "noise_first":  # closes without a word
                pass
            case "endless":  # a body that never ends, as fast as it is read
                yield script.wire(length=10**12)
                while not self._over.is_set():
                    yield b"x" * 65_536
            case "endless_headers":
                yield b"HTTP/1.1 200 OK\r\n"
                while not self._over.is_set():
                    yield b"X-More: " + b"x" * 4_000 + b"\r\n"
            case _:
                raise AssertionError(script.trick)

    async def _or_over(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
