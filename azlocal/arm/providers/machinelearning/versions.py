"""The api-versions of Microsoft.MachineLearningServices: those that Azure lists, and its clients' data-plane ones."""

from __future__ import annotations

VERSIONS = (
    "2020-05-01-preview", "2020-05-15-preview", "2020-06-01", "2020-08-01", "2020-09-01-dataplanepreview",
    "2020-09-01-preview", "2021-01-01", "2021-03-01", "2021-03-01-preview", "2021-04-01", "2021-07-01",
    "2021-10-01-dataplanepreview", "2022-01-01-preview", "2022-02-01-preview", "2022-05-01", "2022-06-01-preview",
    "2022-10-01", "2022-10-01-preview", "2022-12-01-preview", "2023-02-01-preview", "2023-03-01-preview",
    "2023-04-01", "2023-04-01-preview", "2023-06-01-preview", "2023-08-01-preview", "2023-10-01",
    "2024-01-01-preview", "2024-04-01", "2024-04-01-preview", "2024-07-01-preview", "2024-10-01",
    "2024-10-01-preview", "2025-01-01-preview", "2025-04-01", "2025-04-01-preview", "2025-06-01",
    "2025-07-01-preview", "2025-09-01", "2025-10-01-preview", "2025-12-01", "2026-01-15-preview", "2026-03-01",
    "2026-03-15-preview", "2026-05-01", "2026-05-01-preview", "2026-05-15-preview",
)  # fmt: skip

NAMESPACE = "Microsoft.MachineLearningServices"
WORKSPACE = f"{NAMESPACE}/workspaces"
