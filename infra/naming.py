"""Names of Azure resources: CAF prefix, platform, environment, and a short suffix where Azure wants it unique.

Prefixes follow the Cloud Adoption Framework's abbreviation list; lengths and characters follow Azure's
"resource name rules" page. Global names (a host name is made of them) carry a suffix that is the same on each
run and differs between subscriptions, platforms, environments and generations. The generation is the way out
when a soft-deleted vault or workspace still holds its name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import pulumi

SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class NameRule:
    """How names of one kind are built and what Azure allows.

    `separator` is empty where Azure refuses hyphens. `unique` names get the suffix: their scope is all of Azure,
    or they stay taken after a delete. `nested` ones are unique within their parent and leave the environment out.
    """

    prefix: str
    pattern: str
    separator: str = "-"
    unique: bool = False
    nested: bool = False


_LOWER = "[a-z0-9]"
_HYPHENATED = r"[a-zA-Z][a-zA-Z0-9-]{{{0},{1}}}[a-zA-Z0-9]"

RULES: dict[str, NameRule] = {
    "resource_group": NameRule("rg", r"[-\w._()]{1,89}[-\w_()]"),
    "virtual_network": NameRule("vnet", r"[a-zA-Z0-9][-\w.]{0,62}\w"),
    "subnet": NameRule("snet", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "network_security_group": NameRule("nsg", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "route_table": NameRule("rt", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "peering": NameRule("peer", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "firewall": NameRule("afw", r"[a-zA-Z0-9][-\w.]{0,54}\w"),
    "firewall_policy": NameRule("afwp", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "bastion": NameRule("bas", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "nat_gateway": NameRule("ng", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "public_ip": NameRule("pip", r"[a-zA-Z0-9][-\w.]{0,78}\w"),
    "private_endpoint": NameRule("pep", r"[a-zA-Z0-9][-\w.]{0,62}\w"),
    "managed_identity": NameRule("id", r"[a-zA-Z0-9][-\w]{2,127}"),
    "data_lake": NameRule("dls", _LOWER + "{3,24}", separator="", unique=True),
    "storage_account": NameRule("st", _LOWER + "{3,24}", separator="", unique=True),
    "key_vault": NameRule("kv", _HYPHENATED.format(1, 22), unique=True),
    "container_registry": NameRule("cr", "[a-zA-Z0-9]{5,50}", separator="", unique=True),
    "log_analytics": NameRule("log", _HYPHENATED.format(2, 61), unique=True),
    "application_insights": NameRule("appi", r"[-\w.()]{0,259}[-\w()]"),
    "data_collection_rule": NameRule("dcr", r"[a-zA-Z0-9][-\w.]{1,62}\w"),
    "data_collection_endpoint": NameRule("dce", r"[a-zA-Z0-9][-\w.]{1,42}\w"),
    "monitor_scope": NameRule("ampls", r"[-\w.()]{0,254}[-\w()]"),
    "synapse_private_link_hub": NameRule("synplh", "[a-z0-9]{1,45}", separator=""),
    "action_group": NameRule("ag", r"[^*#<>%&:\\?+/{}\x00-\x1f]{0,259}[^*#<>%&:\\?+/{}. \x00-\x1f]"),
    "alert": NameRule("alert", r"[^*#<>%&:\\?+/{}\x00-\x1f]{0,259}[^*#<>%&:\\?+/{}. \x00-\x1f]"),
    "budget": NameRule("budget", r"[\w-]{1,63}"),
    "synapse_workspace": NameRule("synw", "[a-z0-9][a-z0-9-]{0,48}[a-z0-9]", unique=True),
    "spark_pool": NameRule("sp", "[a-zA-Z][a-zA-Z0-9]{0,14}", separator="", nested=True),
    "machine_learning_workspace": NameRule("mlw", r"[a-zA-Z0-9][\w-]{2,32}", unique=True),
    "machine_learning_registry": NameRule("mlr", r"[a-zA-Z0-9][\w-]{2,32}", unique=True),
    "kubernetes_cluster": NameRule("aks", r"[a-zA-Z0-9][-\w]{0,61}[a-zA-Z0-9]"),
    "trusted_access": NameRule("ta", "[a-zA-Z0-9-]{1,24}", nested=True),
}


class NamingError(pulumi.RunError):
    """A name that Azure would refuse; printed without a traceback."""


def stable_suffix(*parts: str) -> str:
    """Five characters that depend on the parts alone: 60 million values, the same on each run."""
    digest = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8])
    letters = []
    for _ in range(SUFFIX_LENGTH):
        digest, index = divmod(digest, len(_SUFFIX_ALPHABET))
        letters.append(_SUFFIX_ALPHABET[index])
    return "".join(letters)


@dataclass(frozen=True)
class Names:
    """The names of one environment.

    Args:
        platform: short name of the platform, 2 to 7 lower-case letters and digits.
        environment: the stack's name, 2 to 7 lower-case letters and digits.
        suffix: what makes global names unique, see `stable_suffix`.
    """

    platform: str
    environment: str
    suffix: str

    def of(self, kind: str, purpose: str = "") -> str:
        """The name of a resource of this kind; `purpose` tells several of one kind apart.

        Raises:
            NamingError: the name breaks Azure's rule for the kind.
        """
        rule = RULES[kind]
        environment = "" if rule.nested else self.environment
        parts = [rule.prefix, self.platform, purpose, environment, self.suffix if rule.unique else ""]
        name = rule.separator.join(part for part in parts if part)
        if not re.fullmatch(rule.pattern, name):
            raise NamingError(
                f"{kind.replace('_', ' ')} name: {name!r} ({len(name)} characters) does not match {rule.pattern}; "
                f"choose a shorter or simpler platform.name (now {self.platform!r}) "
                f"or stack name (now {self.environment!r})"
            )
        return name
