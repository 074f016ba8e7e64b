"""The picture: networks on the left, services in the middle, identities on the right, so that lines seldom cross."""

from __future__ import annotations

from collections import Counter
from textwrap import wrap

from azlocal.engine.views.graph.identities import Who, identities
from azlocal.engine.views.graph.networks import Network, Subnet, networks
from azlocal.engine.views.graph.services import PURPOSES, Card, cards
from azlocal.engine.views.graph.svg import box, curve, document, dot, text
from azlocal.engine.views.resources import Json, Resources, last
from azlocal.words import counted

_EDGE, _PAD, _GAP = 24.0, 14.0, 12.0
_LINE = 18.0
_LEFT, _MIDDLE, _RIGHT = 700.0, 340.0, 230.0  # widths of the three columns
_BETWEEN = 110.0  # room for lines between two columns
_ENDPOINTS = 230.0  # width of a subnet that holds private endpoints
_DOT_ROW = 24.0

_X1 = _EDGE + _PAD
_X2 = _X1 + _LEFT + _BETWEEN
_X3 = _X2 + _MIDDLE + _BETWEEN
_WIDTH = _X3 + _RIGHT + _PAD + _EDGE
_TOP = 128.0

# Types drawn in another way than as themselves, so that the footer need not count them.
_DRAWN = (
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Resources/resourceGroups",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
)


def draw(plan: Json) -> str:
    """The SVG of a plan, the same for the same plan: nothing in it depends on time or chance."""
    return _Picture(plan).svg()


class _Picture:
    def __init__(self, plan: Json) -> None:
        self._stack = str(plan["stack"])
        self._resources = Resources(plan["resources"])
        self._cards = cards(self._resources)
        self._networks = networks(self._resources)
        self._who = identities(self._resources, self._cards)
        self._parts: list[str] = []
        self._lines: list[str] = []
        self._boxes: dict[str, tuple[float, float]] = {}  # card id: its top and height
        self._dots: list[tuple[float, float, str, str]] = []

    def svg(self) -> str:
        services = self._services(_TOP)
        left = self._left(_TOP, services)
        right = self._identities(_TOP, services)
        bottom = max(left, services, right)
        self._private_links()
        group = box(_EDGE, 72, _WIDTH - 2 * _EDGE, bottom + _PAD - 72, "group", radius=10)
        footer = self._footer(bottom + _PAD)
        parts = [*self._heading(), group, *self._columns(), *self._lines, *self._parts, *footer]
        return document(_WIDTH, bottom + 116, self._title(), self._about(), parts)

    def _title(self) -> str:
        return f"Architecture of {self._stack}"

    def _about(self) -> str:
        subnets = sum(len(one.subnets) for one in self._networks)
        services = ", ".join(f"{card.kind} {card.name}" for card in self._cards)
        return (
            f"{counted(len(self._networks), 'virtual network')} with {counted(subnets, 'subnet')};"
            f" {counted(len(self._dots), 'private endpoint')}; services: {services or 'none'};"
            f" {counted(len(self._who), 'principal')} with roles."
        )

    def _heading(self) -> list[str]:
        made = len(self._resources.azure)
        places = Counter(str((one["body"] or {}).get("location", "")).lower() for one in self._resources.azure)
        region = next((name for name, _ in places.most_common() if name not in {"", "global"}), "")
        words = " · ".join(part for part in (region, f"{made} Azure resources") if part)
        return [text(_EDGE, 42, self._title(), "title"), text(_WIDTH - _EDGE, 42, words, "fact", anchor="end")]

    def _columns(self) -> list[str]:
        groups = self._resources.of("Microsoft.Resources/resourceGroups")
        name = ", ".join(last(one["id"]) for one in groups)
        return [
            text(_X1, 98, f"Resource group {name}", "head", room=_LEFT),
            text(_X2, 98, "Services and the private links to them", "fact"),
            text(_X3, 98, "Identities and their roles", "fact"),
        ]

    # the left column

    def _left(self, y: float, least: float) -> float:
        """Networks and zones; the last network reaches down as far as the services do."""
        zones = self._resources.of("Microsoft.Network/privateDnsZones")
        below = 46 + _LINE * ((len(zones) + 1) // 2) + _GAP if zones else 0.0
        places: dict[str, tuple[float, float]] = {}
        for index, network in enumerate(self._networks):
            stretch = least - below - y if index == len(self._networks) - 1 else 0.0
            height = max(self._height(network), stretch)
            self._network(network, y, height)
            places[network.id.lower()] = (y, height)
            y += height + 2.5 * _GAP
        self._peerings(places)
        y -= 1.5 * _GAP if self._networks else 0
        return self._zones([last(one["id"]) for one in zones], y) if zones else y

    def _height(self, network: Network) -> float:
        plain = sum(_subnet_height(one) + _GAP for one in network.subnets if not one.endpoints)
        linked = sum(_subnet_height(one) + _GAP for one in network.subnets if one.endpoints)
        return 40 + max(plain, linked) + 2

    def _network(self, network: Network, y: float, height: float) -> None:
        self._parts += [
            box(_X1, y, _LEFT, height, "vnet", radius=8),
            text(_X1 + _PAD, y + 25, network.name, "head", room=_LEFT / 2),
            text(_X1 + _LEFT - _PAD, y + 25, network.range, "fact", anchor="end"),
        ]
        linked = [one for one in network.subnets if one.endpoints]
        room = _LEFT - 2 * _PAD - (_ENDPOINTS + _GAP if linked else 0)
        plain = [one for one in network.subnets if not one.endpoints]
        self._stack_of(plain, _X1 + _PAD, y + 40, room, height - 40)
        self._stack_of(linked, _X1 + _LEFT - _PAD - _ENDPOINTS, y + 40, _ENDPOINTS, height - 40)

    def _stack_of(self, subnets: list[Subnet], x: float, y: float, width: float, room: float) -> None:
        spare = max(room - sum(_subnet_height(one) + _GAP for one in subnets), 0) / max(len(subnets), 1)
        for subnet in subnets:
            height = _subnet_height(subnet) + spare
            self._subnet(subnet, x, y, width, height)
            y += height + _GAP

    def _subnet(self, subnet: Subnet, x: float, y: float, width: float, height: float) -> None:
        stacked = width <= _ENDPOINTS
        self._parts += [box(x, y, width, height, "subnet"), text(x + 10, y + 21, subnet.name, "name", room=width - 20)]
        facts = " · ".join(subnet.facts)
        if stacked:
            self._parts.append(text(x + 10, y + 40, " · ".join([subnet.range, *subnet.facts]), "fact", room=width - 20))
        else:
            self._parts[-1] = text(x + 10, y + 21, subnet.name, "name", room=width - 150)
            self._parts.append(text(x + width - 10, y + 21, subnet.range, "fact", anchor="end"))
            self._parts.append(text(x + 10, y + 40, facts, "fact", room=width - 20))
        below = y + (50 if facts or stacked else 32)
        for name, fact in subnet.nodes:
            self._parts += [
                box(x + 10, below, width - 20, 28, "node", radius=5),
                text(x + 20, below + 19, f"{name}  {fact}", "fact", room=width - 40),
            ]
            below += 34
        self._endpoints(subnet, x, below, width, y + height)

    def _endpoints(self, subnet: Subnet, x: float, y: float, width: float, bottom: float) -> None:
        """The dots in the order of the cards they lead to, each as near to its card as the subnet lets it."""
        tops = {id_.lower(): top for id_, (top, _) in self._boxes.items()}
        ordered = sorted(subnet.endpoints, key=lambda one: (tops.get(one.target.lower(), 0), one.part, one.name))
        row = max((bottom - y - 10) / max(len(ordered), 1), _DOT_ROW)
        for index, endpoint in enumerate(ordered):
            middle = y + row * (index + 0.5)
            self._parts.append(text(x + width - 24, middle + 4, endpoint.part, "fact", anchor="end"))
            self._dots.append((x + width, middle, endpoint.target, endpoint.name))

    def _private_links(self) -> None:
        totals = Counter(target.lower() for _, _, target, _ in self._dots)
        seen: Counter[str] = Counter()
        for x, y, target, name in self._dots:
            self._parts.append(dot(x - 12, y))
            place = next((found for id_, found in self._boxes.items() if id_.lower() == target.lower()), None)
            if place is None:
                continue
            seen[target.lower()] += 1
            end = place[0] + place[1] * seen[target.lower()] / (totals[target.lower()] + 1)
            self._parts.append(curve((x - 7, y), (_X2, end), "link", f"{name} → {last(target)}"))

    def _peerings(self, places: dict[str, tuple[float, float]]) -> None:
        ids = {network.id.lower(): network for network in self._networks}
        drawn = set()
        for network in self._networks:
            for peer in network.peers:
                pair = frozenset((network.id.lower(), peer.lower()))
                if peer.lower() not in ids or pair in drawn:
                    continue
                drawn.add(pair)
                upper, lower = sorted((places[network.id.lower()], places[peer.lower()]))
                self._peering(upper[0] + upper[1], lower[0], len(drawn))

    def _peering(self, start: float, end: float, index: int) -> None:
        x = _X1 + 60 + 90 * (index - 1)
        self._parts.append(f'<path class="peer" d="M{x:.0f} {start:.0f}V{end:.0f}"><title>peering</title></path>')
        self._parts.append(text(x + 10, (start + end) / 2 + 4, "peering", "fact"))

    def _zones(self, names: list[str], y: float) -> float:
        half = (len(names) + 1) // 2
        height = 40 + _LINE * half
        self._parts += [box(_X1, y, _LEFT, height, "card"), text(_X1 + _PAD, y + 24, "Private DNS zones", "name")]
        for index, name in enumerate(names):
            column, row = divmod(index, half)
            room = _LEFT / 2 - _PAD - 8
            x = _X1 + _PAD + column * (_LEFT / 2)
            self._parts.append(text(x, y + 45 + row * _LINE, name, "fact", room=room))
        return y + height

    # the middle column

    def _services(self, y: float) -> float:
        purpose = ""
        for card in self._cards:
            if card.purpose != purpose:
                y += 8 if purpose else 0
                purpose = card.purpose
                self._parts.append(text(_X2, y + 14, PURPOSES[purpose], "head"))
                y += 24
            y = self._card(card, y) + _GAP
        return y - _GAP

    def _card(self, card: Card, y: float) -> float:
        height = 48 + _LINE * len(card.facts)
        self._boxes[card.id] = (y, height)
        self._parts += [
            box(_X2, y, _MIDDLE, height, "card"),
            box(_X2, y, 6, height, card.purpose, radius=3),
            text(_X2 + 18, y + 22, card.kind, "name", room=_MIDDLE - 30),
            text(_X2 + 18, y + 40, card.name, "fact", room=_MIDDLE - 30),
        ]
        for index, fact in enumerate(card.facts):
            self._parts.append(text(_X2 + 18, y + 58 + _LINE * index, fact, "fact", room=_MIDDLE - 30))
        return y + height

    # the right column

    def _identities(self, y: float, bottom: float) -> float:
        """Each near the services its roles are on, so that lines are short."""
        totals = Counter(card for who in self._who for card in who.roles)
        seen: Counter[str] = Counter()
        ordered = sorted(self._who, key=lambda who: (self._mean(who), who.kind, who.name))
        holders = Counter(name for who in self._who for name in who.names)
        facts = [_facts(who, holders) for who in ordered]
        heights = [50.0 + _LINE * len(words) for words in facts]
        gap = max((bottom - y - sum(heights)) / max(len(heights) - 1, 1), _GAP)
        for who, height, words in zip(ordered, heights, facts, strict=True):
            self._parts += _chip(who, words, y, height)
            for card in sorted(who.roles, key=lambda id_: self._boxes[id_]):
                seen[card] += 1
                top, tall = self._boxes[card]
                start = top + tall * seen[card] / (totals[card] + 1)
                told = f"{who.name}: {', '.join(sorted(who.roles[card]))} on {last(card)}"
                self._lines.append(curve((_X2 + _MIDDLE, start), (_X3, y + height / 2), "role", told))
            y += height + gap
        return y - gap

    def _mean(self, who: Who) -> float:
        tops = [self._boxes[card][0] for card in who.roles]
        return sum(tops) / len(tops) if tops else 0.0

    # below

    def _footer(self, y: float) -> list[str]:
        keys = [("dot", "private endpoint"), ("link", "private link"), ("peer", "peering"), ("role", "roles")]
        parts, x = [], _EDGE
        drawn = "".join([*self._lines, *self._parts])
        for style, words in [key for key in keys if f'class="{key[0]}"' in drawn]:
            mark = dot(x + 14, y + 30) if style == "dot" else f'<path class="{style}" d="M{x:.0f} {y + 30:.0f}h28"/>'
            parts += [mark, text(x + 36, y + 34, words, "fact")]
            x += 60 + 8 * len(words)
        return [*parts, *self._rest(y + 60)]

    def _rest(self, y: float) -> list[str]:
        """What is not drawn is counted, so that nobody takes the picture for the whole."""
        drawn = {card.id for card in self._cards}
        rest = Counter(
            str(one["armType"]).rsplit("/", 1)[-1]
            for one in self._resources.azure
            if one["id"] not in drawn and one["armType"] not in _DRAWN
        )
        words = [f"{count} {name}" for name, count in sorted(rest.items(), key=lambda item: (-item[1], item[0]))]
        lines = wrap("Also in the plan: " + ", ".join(words), width=int((_WIDTH - 2 * _EDGE) / 7.2))
        return [text(_EDGE, y + _LINE * index, line, "fact") for index, line in enumerate(lines)]


def _chip(who: Who, facts: list[str], y: float, height: float) -> list[str]:
    return [
        box(_X3, y, _RIGHT, height, "who", radius=10),
        text(_X3 + 14, y + 21, who.name, "name", room=_RIGHT - 24),
        text(_X3 + 14, y + 39, who.kind, "fact"),
        *(text(_X3 + 14, y + 57 + _LINE * index, words, "fact", room=_RIGHT - 24) for index, words in enumerate(facts)),
    ]


def _facts(who: Who, holders: Counter[str]) -> list[str]:
    """What else to say of it: of a group, whose name no plan knows, the role that tells it apart best."""
    if who.kind != "Entra group":
        return [f"{counted(len(who.elsewhere), 'role')} elsewhere"] if who.elsewhere else []
    rarest, *more = sorted(who.names, key=lambda name: (holders[name], name))
    return [rarest, f"and {counted(len(more), 'more role')}"] if more else [rarest]


def _subnet_height(subnet: Subnet) -> float:
    head = 50.0 if subnet.facts or subnet.endpoints else 32.0
    return head + 34.0 * len(subnet.nodes) + (_DOT_ROW * len(subnet.endpoints) + 10 if subnet.endpoints else 0)
