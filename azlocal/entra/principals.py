"""Who can sign in: the named principals and groups of the local directory, with ids that never change.

Fixed ids let a settings file name the local groups, as it would name those of a real tenant.
"""

from __future__ import annotations

from dataclasses import dataclass

TENANT_ID = "10ca1000-0000-4000-8000-000000000001"
SUBSCRIPTION_ID = "10ca1000-0000-4000-8000-000000000002"
OTHER_SUBSCRIPTION_ID = "10ca1000-0000-4000-8000-000000000003"
SUBSCRIPTIONS = {SUBSCRIPTION_ID: "local", OTHER_SUBSCRIPTION_ID: "local-other"}
"""By id, with the name: the one that everything is in, and one for what another team runs."""


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity that asks for something. ``groups`` are the object ids of the groups it is in."""

    object_id: str
    client_id: str
    name: str
    kind: str = "ServicePrincipal"
    groups: tuple[str, ...] = ()
    tenant_id: str = TENANT_ID

    @property
    def assignees(self) -> tuple[str, ...]:
        """Every object id a role may be assigned to and hold for this principal."""
        return (self.object_id, *self.groups)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the local directory."""

    object_id: str
    name: str


PLATFORM_ENGINEERS = Group("11111111-0000-4000-8000-000000000001", "platform-engineers")
DATA_SCIENTISTS = Group("11111111-0000-4000-8000-000000000002", "data-scientists")
READERS = Group("11111111-0000-4000-8000-000000000003", "readers")
ML_ENGINEERS = Group("11111111-0000-4000-8000-000000000004", "ml-engineers")
GROUPS = (PLATFORM_ENGINEERS, DATA_SCIENTISTS, READERS, ML_ENGINEERS)


def _application(number: int, name: str, *groups: Group) -> Principal:
    return Principal(
        object_id=f"22222222-0000-4000-8000-{number:012d}",
        client_id=f"33333333-0000-4000-8000-{number:012d}",
        name=name,
        groups=tuple(group.object_id for group in groups),
    )


OWNER = _application(1, "owner", PLATFORM_ENGINEERS)
DATA_SCIENTIST = _application(2, "data-scientist", DATA_SCIENTISTS)
READER = _application(3, "reader", READERS)
STRANGER = _application(4, "stranger")
ML_ENGINEER = _application(5, "ml-engineer", ML_ENGINEERS)

# Those with a client secret. One more name, ``workload``, is no principal of its own: it stands for the
# user-assigned identity that trusts the local cluster's service accounts, and signs in as a pod does.
APPLICATIONS = (OWNER, DATA_SCIENTIST, ML_ENGINEER, READER, STRANGER)
WORKLOAD = "workload"
WORKFLOW = "github:"  # with OWNER/REPOSITORY:ENVIRONMENT: the identity that trusts that environment's jobs
NAMES = (*(application.name for application in APPLICATIONS), WORKLOAD)
PRINCIPALS = (*NAMES, f"{WORKLOAD}:NAMESPACE:SERVICE_ACCOUNT", f"{WORKFLOW}OWNER/REPOSITORY:ENVIRONMENT")
"""What ``--as`` takes."""
BY_NAME = {application.name: application for application in APPLICATIONS}
BY_CLIENT_ID = {application.client_id: application for application in APPLICATIONS}
BY_OBJECT_ID = {application.object_id: application for application in APPLICATIONS}
