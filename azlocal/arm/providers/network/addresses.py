"""Address ranges as Azure takes them, and who holds which address of a subnet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from azlocal.arm.errors import ArmError, bad_request
from azlocal.arm.types import Json
from azlocal.state import Resource, State

Range = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

RESERVED_FIRST = 4  # network, gateway and two for DNS (Microsoft Learn, "Virtual network FAQ")
_HELD = "subnetAddress"
_NEXT = "subnetNextAddress"


def parse_range(prefix: str, owner: str) -> Range:
    """A range in CIDR notation, its address being the first of the range.

    Raises:
        ArmError: 400 InvalidAddressPrefixFormat or InvalidCIDRNotation.
    """
    try:
        found = ipaddress.ip_interface(prefix)
        if "/" not in prefix:
            raise ValueError(prefix)
    except ValueError:
        raise bad_request(
            f"Address prefix {prefix} of resource {owner} is not formatted correctly. It should follow CIDR notation,"
            " for example 10.0.0.0/24.",
            "InvalidAddressPrefixFormat",
        ) from None
    if found.network.network_address != found.ip:
        raise bad_request(
            f"The address prefix {prefix} in resource {owner} has an invalid CIDR notation. For the given prefix"
            f" length, the address prefix should be {found.network}.",
            "InvalidCIDRNotation",
        )
    return found.network


def prefixes(properties: Json) -> list[str]:
    """A subnet's ranges, whichever of the two spellings it uses."""
    many = properties.get("addressPrefixes") or []
    one = properties.get("addressPrefix")
    return list(many) or ([one] if one else [])


def contains(spaces: Iterable[Range], one: Range) -> bool:
    """Whether a range lies in one of the spaces."""
    return any(one.version == space.version and one.subnet_of(space) for space in spaces)  # type: ignore[arg-type]


def overlapping(named: Iterable[tuple[str, Range]]) -> Iterator[tuple[str, str]]:
    """Pairs of names whose ranges overlap: neighbours after sorting, since ranges nest or are apart."""
    ordered = sorted(named, key=lambda one: (one[1].version, int(one[1].network_address), one[1].prefixlen))
    previous: tuple[str, Range] | None = None
    for name, one in ordered:
        if previous and previous[1].version == one.version and previous[1].overlaps(one):
            yield previous[0], name
        else:
            previous = (name, one)


def allocate(state: State, subnet: Resource, holder: str) -> str:
    """Give out the next free address of a subnet, looking on from the last one given.

    Raises:
        ArmError: 400 SubnetIsFull.
    """
    space = parse_range(prefixes(subnet.properties)[0], subnet.id)
    size = min(space.num_addresses, 1 << 24)
    last = size - 2 if space.version == 4 else size - 1  # an IPv4 subnet's last address is its broadcast
    start = int(state.document(_NEXT, subnet.key) or RESERVED_FIRST)
    for offset in (*range(start, last + 1), *range(RESERVED_FIRST, min(start, last + 1))):
        address = str(space.network_address + offset)
        if state.document(_HELD, f"{subnet.key}/{address}") is None:
            state.put_document(_HELD, f"{subnet.key}/{address}", holder)
            state.put_document(_NEXT, subnet.key, offset + 1)
            return address
    raise bad_request(
        f"Subnet {subnet.id} with address prefix {space} is already full. Please choose another one.",
        "SubnetIsFull",
    )


def hold(state: State, subnet: Resource, address: str, holder: str) -> None:
    """Take one given address of a subnet.

    Raises:
        ArmError: 400 where it lies outside or is reserved, 409 where somebody holds it.
    """
    space = parse_range(prefixes(subnet.properties)[0], subnet.id)
    try:
        wanted: Address = ipaddress.ip_address(address)
    except ValueError:
        raise bad_request(f"'{address}' is not a valid IP address.", "InvalidIPAddressFormat") from None
    if wanted not in space:
        raise bad_request(
            f"Private static IP address {address} does not belong to the range of subnet prefix {space}.",
            "PrivateIPAddressNotInSubnet",
        )
    if int(wanted) - int(space.network_address) < RESERVED_FIRST or wanted == space.broadcast_address:
        raise bad_request(
            f"Private static IP address {address} falls within reserved IP range of subnet prefix {space}.",
            "PrivateIPAddressInReservedRange",
        )
    held = state.document(_HELD, f"{subnet.key}/{address}")
    if held is not None and held != holder:
        raise ArmError(409, "PrivateIPAddressInUse", f"IP address {address} is already in use by {held}.")
    state.put_document(_HELD, f"{subnet.key}/{address}", holder)


def forget(state: State, subnet_key: str) -> None:
    """A subnet is gone: what it gave out last means nothing any more."""
    state.delete_document(_NEXT, subnet_key)


def release(state: State, subnet_key: str, address: str) -> None:
    """Give an address back."""
    state.delete_document(_HELD, f"{subnet_key}/{address}")
