"""Where this installation may connect to: the open internet, and what the administrator lists.

Addresses of communities and webhooks come from people, and names from whoever runs their zone. So
a name is resolved here, every address behind it must be public, and whoever asks connects to
exactly the addresses that were looked at: a second answer of the zone changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST = 3  # addresses of one host that are tried
UNICAST = ipaddress.ip_network("2000::/3")  # RFC 4291: the rest of IPv6 is nobody's, or ours
# What looks public and is not: addresses that carry an IPv4 address (RFC 4380, 3056), protocol
# assignments (RFC 6890; some clouds keep their metadata there), and Azure's metadata.
NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("2001::/32", "2002::/16", "192.0.0.0/24", "168.63.129.16/32"))
)


class UnknownHost(Exception):
    """The name has no address now."""


class LeadsInside(Exception):
    """An address behind the name is not one of the open internet."""


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the open internet, and stands for no other one."""
    if address.version == 6 and address not in UNICAST:
        return False
    listed = any(address in network for network in NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not listed


def addresses_of(host: str, port: int, *, anywhere: bool) -> list[str]:
    """The addresses to connect to, at most MOST.

    Args:
        host: a name in its ASCII form, or an address.
        anywhere: the administrator allows this host, wherever it leads.
    Raises:
        UnknownHost: it has no address.
        LeadsInside: it may not be connected to.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: no name can be so long
        raise UnknownHost from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not anywhere and not all(
        is_public(ipaddress.ip_address(address.partition("%")[0])) for address in addresses
    ):
        raise LeadsInside
    return addresses[:MOST]
