"""Access control lists of paths: stored and shown as they were set. Roles alone decide what a principal may do.

Form and order: Microsoft Learn, "Access control lists (ACLs) in Azure Data Lake Storage"; the operations: "Path -
Update" (``setAccessControl``, ``setAccessControlRecursive``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from azlocal.storage.errors import StorageError

_ENTRY = re.compile(r"(default:)?(user|group|mask|other):([^:,]*):([r-][w-][x-])")
_REMOVED = re.compile(r"(default:)?(user|group|mask|other):([^:,]*)")
_OWN = ("user:", "group:", "other:")  # what permission bits say too
_MOST = 32  # entries of either kind on one path

Acl = dict[str, str]
"""Who, as ``group:{object id}`` or ``default:group:{object id}``, to what, as ``r-x``."""


def parse(text: str, *, removing: bool = False) -> Acl:
    """A list of entries.

    Raises:
        StorageError: 400 InvalidAclList.
    """
    found: Acl = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = (_REMOVED if removing else _ENTRY).fullmatch(entry)
        if match is None:
            raise StorageError(400, "InvalidAclList", f"'{entry}' is no entry: write it as [default:]group:id:r-x.")
        found[f"{match[1] or ''}{match[2]}:{match[3].lower()}"] = "" if removing else match[4]
    if sum(not who.startswith("default:") for who in found) > _MOST:
        raise StorageError(400, "InvalidAclList", f"A path takes at most {_MOST} entries.")
    return found


def whole(acl: Acl) -> Acl:
    """A list that is to take the place of all others: it says what owner, group and others may.

    Raises:
        StorageError: 400 InvalidAclList.
    """
    missing = [who for who in _OWN if who not in acl]
    if missing:
        raise StorageError(400, "InvalidAclList", f"An access control list needs entries for {', '.join(missing)}.")
    return with_mask(acl)


def changed(before: Acl, mode: str, given: Acl) -> Acl:
    """What ``modify`` or ``remove`` makes of a list; ``set`` takes the given one.

    Raises:
        StorageError: 400, another mode.
    """
    if mode == "modify":
        return with_mask({**{who: what for who, what in before.items() if who not in _masks()}, **given})
    if mode == "remove":
        kept = {who: what for who, what in before.items() if who not in given and who not in _masks()}
        return with_mask(kept)
    if mode == "set":
        return whole(given)
    raise StorageError(400, "InvalidQueryParameterValue", f"mode is '{mode}': set, modify or remove.")


def with_mask(acl: Acl) -> Acl:
    """With what belongs to it: the defaults' own three entries, and a mask that grants what is granted below it."""
    made = dict(acl)
    if any(who.startswith("default:") for who in acl):
        made = {**{f"default:{who}": acl[who] for who in _OWN}, **made}
    for prefix in ("", "default:"):
        named = [what for who, what in made.items() if _is_named(who, prefix)]
        if named and f"{prefix}mask:" not in made:
            made[f"{prefix}mask:"] = _union([*named, made[f"{prefix}group:"]])
    return made


def spell(acl: Acl) -> str:
    """The list as the service writes it: owners, groups, mask, others; then the same for what is made below."""
    ranks = ("user:", "group:", "mask:", "other:")

    def place(who: str) -> tuple[bool, int, str]:
        rest = who.removeprefix("default:")
        return who != rest, next(at for at, rank in enumerate(ranks) if rest.startswith(rank)), rest

    return ",".join(f"{who}:{acl[who]}" for who in sorted(acl, key=place))


def of_permissions(permissions: str) -> Acl:
    """The three entries that permission bits are."""
    bits = (permissions[start : start + 3].replace("t", "x").replace("T", "-") for start in (0, 3, 6))
    return dict(zip(_OWN, bits, strict=True))


def to_permissions(acl: Acl) -> str:
    """Permission bits, with a plus where there is more to a list than they say."""
    group = acl.get("mask:", acl["group:"])  # with a mask, the middle three are the mask's
    return f"{acl['user:']}{group}{acl['other:']}" + ("+" if set(acl) - set(_OWN) else "")


def _masks() -> tuple[str, str]:
    return "mask:", "default:mask:"


def _is_named(who: str, prefix: str) -> bool:
    rest = who.removeprefix("default:")
    return who == prefix + rest and rest.startswith(("user:", "group:")) and rest not in _OWN


def _union(permissions: Iterable[str]) -> str:
    given = list(permissions)
    return "".join(letter if any(letter in one for one in given) else "-" for letter in "rwx")
