"""Which addresses a receiver may have: public ones, and what the configuration allows by name or network. Pure.

Why: whoever can change where a name leads could make us post alerts, signed by us, into the network we stand in.
May be imported by `alerting` and `cli`. Imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

_NAT64: Final = ip_network("64:ff9b::/96")


class AllowList:
    """Hosts and networks a receiver may be in although they are not public.

    An entry is an address, a network (`10.20.0.0/16`), or the name of a host, which then may lead anywhere.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises ValueError for an entry that is none of these."""
        self._networks = []
        self._hosts = set()
        for entry in entries:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                if not _is_host(entry):
                    raise ValueError(
                        f"allow_networks: {entry!r} is no network and no host: write 10.20.0.0/16 or sms.example.org"
                    ) from None
                self._hosts.add(entry.lower())

    def permits(self, host: str, address: str) -> bool:
        """Whether we may connect to this address, to which the name `host` leads."""
        try:
            found = _real(ip_address(address))
        except ValueError:
            return False
        if host.lower() in self._hosts or any(found in network for network in self._networks):
            return True
        if isinstance(found, IPv6Address) and found.is_site_local:  # the forerunner of fc00::/7, still routed by some
            return False
        return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _is_host(entry: str) -> bool:
    last = entry.rpartition(".")[2]  # without a letter it would be a number of an address
    return entry.isascii() and all(c.isalnum() or c in "-_." for c in entry) and any(c.isalpha() for c in last)


def _real(address: Address) -> Address:
    """The address that is meant: IPv6 has several ways to write, or to tunnel to, one of IPv4."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
