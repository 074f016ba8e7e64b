"""The picture as Mermaid, which GitHub and GitLab draw inside a comment: no file has to be kept for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from azlocal.engine.views.graph.networks import Network, Subnet, networks
from azlocal.engine.views.graph.services import PURPOSES, Card, cards
from azlocal.engine.views.resources import Json, Resources


def mermaid(plan: Json) -> str:
    """Networks with their subnets, the services, peerings and private links; empty where there is none of them.

    The same plan gives the same text. Identities and their roles are in the SVG alone: here they would hide the rest.
    """
    resources = Resources(plan["resources"])
    nets, services = networks(resources), cards(resources)
    if not nets and not services:
        return ""
    lines = ["flowchart LR", *_networks(nets), *_services(services), *_peerings(nets), *_links(nets, services)]
    return "\n".join(lines) + "\n"


def _networks(nets: list[Network]) -> Iterator[str]:
    for number, net in enumerate(nets):
        yield f'  subgraph vnet{number}["{_text(net.name, net.range)}"]'
        for index, subnet in enumerate(net.subnets):
            yield f'    vnet{number}s{index}["{_text(*_told(subnet))}"]'
        yield "  end"


def _told(subnet: Subnet) -> list[str]:
    within = [f"{name}: {fact}" for name, fact in subnet.nodes]
    if subnet.endpoints:
        within.append(f"{len(subnet.endpoints)} private endpoints" if len(subnet.endpoints) > 1 else "private endpoint")
    return [f"{subnet.name} {subnet.range}", " · ".join(subnet.facts), *within]


def _services(services: list[Card]) -> Iterator[str]:
    for purpose, heading in PURPOSES.items():
        among = [(number, card) for number, card in enumerate(services) if card.purpose == purpose]
        if among:
            yield f'  subgraph {purpose}["{_text(heading)}"]'
            yield from (f'    card{number}("{_text(card.kind, card.name, *card.facts)}")' for number, card in among)
            yield "  end"


def _peerings(nets: list[Network]) -> Iterator[str]:
    numbers = {net.id.lower(): number for number, net in enumerate(nets)}
    pairs = {
        tuple(sorted((numbers[net.id.lower()], numbers[peer.lower()])))
        for net in nets
        for peer in net.peers
        if peer.lower() in numbers
    }
    for one, other in sorted(pairs):
        yield f"  vnet{one} <-->|peering| vnet{other}"


def _links(nets: list[Network], services: list[Card]) -> Iterator[str]:
    """One line from a subnet to a service, with all parts of it that private endpoints open there."""
    numbers = {card.id.lower(): number for number, card in enumerate(services)}
    parts: dict[tuple[str, int], list[str]] = defaultdict(list)
    for number, net in enumerate(nets):
        for index, subnet in enumerate(net.subnets):
            for endpoint in subnet.endpoints:
                if endpoint.target.lower() in numbers:
                    parts[f"vnet{number}s{index}", numbers[endpoint.target.lower()]].append(endpoint.part)
    for (start, end), opened in parts.items():
        yield f'  {start} -->|"{_text(", ".join(sorted(opened)))}"| card{end}'


def _text(*lines: str) -> str:
    """A label that nothing in it ends or turns into markup: Mermaid's own entities for what it would read."""
    told = (" ".join(line.split()) for line in lines if line)
    return "<br/>".join("".join(_ENTITIES.get(char, char) for char in line) for line in told)


_ENTITIES = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;"}
