"""When an address prefix, or a list of them, stands for the whole internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

WORDS = frozenset({"*", "any", "internet"})
# More than this is no organisation's own range: a /1 is half of the internet.
WIDEST = {4: 8, 6: 16}


def open_prefixes(prefixes: Iterable[str]) -> list[str]:
    """Those of the prefixes that let the internet in, on their own or together (``0.0.0.0/1`` with ``128.0.0.0/1``)."""
    given = [prefix.strip() for prefix in prefixes if prefix]
    found = [prefix for prefix in given if _open(prefix)]
    for version in (4, 6):
        networks = [network for prefix in given if (network := _network(prefix)) and network.version == version]
        merged = list(ipaddress.collapse_addresses(networks))  # type: ignore[type-var]
        if any(network.prefixlen < WIDEST[version] and not _private(network) for network in merged):
            found += [prefix for prefix in given if (one := _network(prefix)) and one.version == version]
    return list(dict.fromkeys(found))


def open_ranges(ranges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of a firewall's ranges, both ends included, that let the internet in, on their own or together."""
    given = {pair: _prefixes(*pair) for pair in ranges}
    found = set(open_prefixes(prefix for prefixes in given.values() for prefix in prefixes))
    return [pair for pair, prefixes in given.items() if found.intersection(prefixes)]


def _prefixes(first: str, last: str) -> list[str]:
    start, end = ipaddress.ip_address(first), ipaddress.ip_address(last)
    if start.version != end.version or int(start) > int(end) or int(end) - int(start) >= 2 ** (32 - WIDEST[4]):
        return ["*"]  # no range, or one that is wider than any organisation's
    if int(end) == 0:
        return ["*"]  # 0.0.0.0 to 0.0.0.0: every service of Azure, of any customer
    return [str(one) for one in ipaddress.summarize_address_range(start, end)]


def _open(prefix: str) -> bool:
    if prefix.lower() in WORDS:
        return True
    network = _network(prefix)
    return network is not None and network.prefixlen < WIDEST[network.version] and not _private(network)


def _network(prefix: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return None  # a service tag


def _private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return network.is_private and network.prefixlen > 0
