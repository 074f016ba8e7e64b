"""Who may do what in the lake's zones by access control lists: the table a reviewer reads.

Lists are for groups that have no role there: a role at the container says more than a list can take away.
"""

from __future__ import annotations

from infra.identities.role_tables import ENGINEER, READER, SCIENTIST

READS, WRITES = "r-x", "rwx"

ACCESS: dict[str, dict[str, str]] = {
    "raw": {ENGINEER: READS, SCIENTIST: READS},
    "curated": {ENGINEER: READS, SCIENTIST: WRITES, READER: READS},
    "features": {ENGINEER: READS, SCIENTIST: WRITES},
    "scores": {ENGINEER: READS, SCIENTIST: READS, READER: READS},
}
"""Zone to persona to permissions."""
