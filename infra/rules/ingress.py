"""Rules about the way in: the router's address, and the name it is found under."""

from __future__ import annotations

from collections.abc import Iterator

from infra import settings as s
from infra.cluster.ingress import FIRST_FREE, address_of
from infra.network.tables import INGRESS, ranges
from infra.rules.base import Problem, RuleRow

_LABELS = 3
PAGE = "aks/internal-lb#specify-an-ip-address"


def router_has_an_address(network: s.Network, serving: s.Serving) -> Iterator[Problem]:
    """It lies in the ingress subnet, past what Azure keeps for itself."""
    found = ranges(network).ranges.get(INGRESS)
    given = serving.router_address
    if network.existing_network is not None:
        if given is None:
            yield Problem(
                "serving.routerAddress",
                "missing, and the range of an existing network's ingress subnet is not known here",
                "give a free address of that subnet",
                PAGE,
            )
    elif found is not None and address_of(network, serving) not in list(found)[FIRST_FREE:-1]:
        yield Problem(
            "serving.routerAddress",
            f"{given} is none of {found[FIRST_FREE]} to {found[-2]}, which Azure leaves in the ingress subnet {found}",
            "choose one of them, or leave it out",
            PAGE,
        )


def scoring_host_has_a_domain(serving: s.Serving) -> Iterator[Problem]:
    """The host's domain becomes a private zone: it needs labels of its own."""
    if serving.tls and len(serving.tls.ssl_cname.split(".")) < _LABELS:
        yield Problem(
            "serving.tls.sslCname",
            f"{serving.tls.ssl_cname!r}: its domain would be a private DNS zone of one label, which Azure refuses",
            "use a host in a domain of your own, such as scoring.ml.example.com",
            "dns/private-dns-privatednszone#restrictions",
        )


RULES: tuple[RuleRow, ...] = (
    (("network", "serving"), router_has_an_address),
    (("serving",), scoring_host_has_a_domain),
)
"""The blocks that a rule reads, and the rule."""
