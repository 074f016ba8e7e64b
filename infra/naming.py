"""Names of Azure resources: CAF prefix, platform, environment, and a short suffix where Azure wants it unique.

Prefixes follow the Cloud Adoption Framework's abbreviation list; lengths and characters follow Azure's
"resource name rules" page. Global names (a host name is made of them) carry a suffix that is the same on each
run and differs between subscriptions, platforms, environments and generations. The generation is the way out
when a soft-deleted vault or workspace still holds its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pulumi

SUFFIX_LENGTH = 5
_SUFFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class NameRule:
    """How names of one kind are built and what Azure allows.

    `words` say the pattern. `separator` is empty where Azure refuses hyphens. `unique` names get the suffix: their
    scope is all of Azure, or they stay taken after a delete. `nested` ones are unique within their parent and leave
    the environment out.
    """

    prefix: str
    pattern: str
    words: str
    separator: str = "-"
    unique: bool = False
    nested: bool = False


_LOWER = "[a-z0-9]"
_HYPHENATED = r"[a-zA-Z][a-zA-Z0-9-]{{{0},{1}}}[a-zA-Z0-9]"

RULES: dict[str, NameRule] = {
    "resource_group": NameRule(
        "rg", r"[-\w._()]{1,89}[-\w_()]", "2 to 90 letters, digits, hyphens, points, brackets and _"
    ),
    "virtual_network": NameRule("vnet", r"[a-zA-Z0-9][-\w.]{0,62}\w", "2 to 64 letters, digits, hyphens, points and _"),
    "subnet": NameRule("snet", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "network_security_group": NameRule(
        "nsg", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"
    ),
    "route_table": NameRule("rt", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "peering": NameRule("peer", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "firewall": NameRule("afw", r"[a-zA-Z0-9][-\w.]{0,54}\w", "2 to 56 letters, digits, hyphens, points and _"),
    "firewall_policy": NameRule("afwp", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "bastion": NameRule("bas", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "nat_gateway": NameRule("ng", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "public_ip": NameRule("pip", r"[a-zA-Z0-9][-\w.]{0,78}\w", "2 to 80 letters, digits, hyphens, points and _"),
    "private_endpoint": NameRule("pep", r"[a-zA-Z0-9][-\w.]{0,62}\w", "2 to 64 letters, digits, hyphens, points and _"),
    "managed_identity": NameRule("id", r"[a-zA-Z0-9][-\w]{2,127}", "3 to 128 letters, digits, hyphens and _"),
    "data_lake": NameRule("dls", _LOWER + "{3,24}", "3 to 24 lower-case letters and digits", separator="", unique=True),
    "storage_account": NameRule(
        "st", _LOWER + "{3,24}", "3 to 24 lower-case letters and digits", separator="", unique=True
    ),
    "key_vault": NameRule(
        "kv", _HYPHENATED.format(1, 22), "3 to 24 letters, digits and hyphens, a letter first", unique=True
    ),
    "container_registry": NameRule("cr", "[a-zA-Z0-9]{5,50}", "5 to 50 letters and digits", separator="", unique=True),
    "log_analytics": NameRule(
        "log", _HYPHENATED.format(2, 61), "4 to 63 letters, digits and hyphens, a letter first", unique=True
    ),
    "application_insights": NameRule(
        "appi", r"[-\w.()]{0,259}[-\w()]", "1 to 260 letters, digits, hyphens, points, brackets and _"
    ),
    "data_collection_rule": NameRule(
        "dcr", r"[a-zA-Z0-9][-\w.]{1,62}\w", "3 to 64 letters, digits, hyphens, points and _"
    ),
    "data_collection_endpoint": NameRule(
        "dce", r"[a-zA-Z0-9][-\w.]{1,42}\w", "3 to 44 letters, digits, hyphens, points and _"
    ),
    "monitor_scope": NameRule(
        "ampls", r"[-\w.()]{0,254}[-\w()]", "1 to 255 letters, digits, hyphens, points, brackets and _"
    ),
    "synapse_private_link_hub": NameRule(
        "synplh", "[a-z0-9]{1,45}", "1 to 45 lower-case letters and digits", separator=""
    ),
    "action_group": NameRule(
        "ag",
        r"[^*#<>%&:\\?+/{}\x00-\x1f]{0,259}[^*#<>%&:\\?+/{}. \x00-\x1f]",
        "1 to 260 characters, none of *#<>%&:?+/{} and no backslash",
    ),
    "alert": NameRule(
        "alert",
        r"[^*#<>%&:\\?+/{}\x00-\x1f]{0,259}[^*#<>%&:\\?+/{}. \x00-\x1f]",
        "1 to 260 characters, none of *#<>%&:?+/{} and no backslash",
    ),
    "budget": NameRule("budget", r"[\w-]{1,63}", "1 to 63 letters, digits, hyphens and _"),
    "synapse_workspace": NameRule(
        "synw", "[a-z0-9][a-z0-9-]{0,48}[a-z0-9]", "2 to 50 lower-case letters, digits and hyphens", unique=True
    ),
    "spark_pool": NameRule(
        "sp", "[a-zA-Z][a-zA-Z0-9]{0,14}", "1 to 15 letters and digits, a letter first", separator="", nested=True
    ),
    "machine_learning_workspace": NameRule(
        "mlw", r"[a-zA-Z0-9][\w-]{2,32}", "3 to 33 letters, digits, hyphens and _", unique=True
    ),
    "machine_learning_registry": NameRule(
        "mlr", r"[a-zA-Z0-9][\w-]{2,32}", "3 to 33 letters, digits, hyphens and _", unique=True
    ),
    "kubernetes_cluster": NameRule(
        "aks", r"[a-zA-Z0-9][-\w]{0,61}[a-zA-Z0-9]", "2 to 63 letters, digits, hyphens and _"
    ),
    "trusted_access": NameRule("ta", "[a-zA-Z0-9-]{1,24}", "1 to 24 letters, digits and hyphens", nested=True),
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
        rule, name = RULES[kind], self._built(kind, purpose)
        if not re.fullmatch(rule.pattern, name):
            raise NamingError(
                f"{kind.replace('_', ' ')} name: {name!r} has {len(name)} characters, and {rule.words} are allowed; "
                f"choose a shorter or simpler platform.name (now {self.platform!r}) "
                f"or stack name (now {self.environment!r})"
            )
        return name

    def refused(self, kinds: Iterable[str]) -> dict[str, str]:
        """The names that Azure would refuse among those of these kinds, by kind."""
        built = {kind: self._built(kind) for kind in kinds}
        return {kind: name for kind, name in built.items() if not re.fullmatch(RULES[kind].pattern, name)}

    def _built(self, kind: str, purpose: str = "") -> str:
        rule = RULES[kind]
        environment = "" if rule.nested else self.environment
        parts = [rule.prefix, self.platform, purpose, environment, self.suffix if rule.unique else ""]
        return rule.separator.join(part for part in parts if part)
