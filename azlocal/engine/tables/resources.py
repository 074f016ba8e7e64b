"""Microsoft.Resources, and the other types a platform of this kind keeps."""

from __future__ import annotations

from azlocal.engine.tables.base import GROUP, AzureType, plain_shape, resource_shape

TYPES = (
    AzureType(
        "resources:ResourceGroup",
        GROUP,
        plain_shape(),
        create_only=("location",),
        tracked=True,
        holds="everything in it",
    ),
    AzureType(
        "eventgrid:SystemTopic",
        f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/{{systemTopicName}}",
        create_only=("location",),
        tracked=True,
    ),
    AzureType(
        "eventgrid:SystemTopicEventSubscription",
        f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/{{systemTopicName}}/eventSubscriptions"
        "/{eventSubscriptionName}",
    ),
    AzureType(
        "consumption:Budget",
        "/{scope}/providers/Microsoft.Consumption/budgets/{budgetName}",
        resource_shape(),
    ),
)
