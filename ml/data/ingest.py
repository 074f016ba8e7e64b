"""Brings batches into the lake and registers the version that results as a data asset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml.data.batches import Batch
from ml.data.lake import DATASET, RawZone
from ml.data.manifest import Manifest
from ml.errors import MlError
from ml.workspace import Workspace

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


@dataclass(frozen=True)
class Ingested:
    """What an ingest left behind."""

    manifest: Manifest
    states: dict[str, str]  # batch -> "new", "changed" or "unchanged"
    uploaded_bytes: int
    registered: bool  # False: the data asset was there


def states(before: Manifest, batches: Sequence[Batch]) -> dict[str, str]:
    """What each batch means for the data that is already there."""
    known = set(before.batches)
    found = {}
    for batch in batches:
        same = before.with_batch(batch) == before
        found[batch.name] = "unchanged" if same else "changed" if batch.name in known else "new"
    return found


def store(zone: RawZone, batches: Sequence[Batch], done: Callable[[int], None]) -> tuple[Manifest, dict[str, str]]:
    """Upload what is not there yet; the manifest comes last, so a broken ingest leaves the current version whole."""
    before = zone.read_manifest()
    state = states(before, batches)
    files = [file for batch in batches if state[batch.name] != "unchanged" for file in batch.files]
    with ThreadPoolExecutor(max_workers=4) as pool:
        for file, _ in zip(files, pool.map(zone.put_file, files), strict=True):
            done(len(file.content))
    after = before.with_batches(batches)
    if after != before:
        zone.put_manifest(after)
    return after, state


def register(workspace: Workspace, manifest: Manifest) -> bool:
    """The version as a data asset on the lake's raw datastore; False if it was registered before."""
    from azure.ai.ml.constants import AssetTypes
    from azure.ai.ml.entities import Data
    from azure.core.exceptions import ResourceNotFoundError

    data = workspace.client.data
    try:
        data.get(DATASET, version=manifest.version)
    except ResourceNotFoundError:
        asset = Data(
            name=DATASET,
            version=manifest.version,
            type=AssetTypes.URI_FOLDER,
            path=f"azureml://datastores/{workspace.datastore('raw')}/paths/{DATASET}/",
            description="Flights from New York in 2013 with weather, aircraft and airports (CC0)",
            tags={
                "manifest": f"manifests/{manifest.version}.json",
                "batches": ",".join(manifest.batches),
                "flights": str(manifest.rows("flights")),
            },
        )
        data.create_or_update(asset)
        return True
    return False


def newest_version(client: MLClient) -> str:
    """The version registered last; MlError before the first ingest."""
    from azure.ai.ml.exceptions import MlException
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return str(client.data.get(DATASET, label="latest").version)
    except (ResourceNotFoundError, MlException):  # the latter is the SDK's own, for a label that names nothing
        raise MlError(f"the workspace has no data {DATASET}", "bring it in: `ml ingest`") from None


def ingest(workspace: Workspace, batches: Sequence[Batch], progress: Callable[[int], None]) -> Ingested:
    """Store the batches and register what the lake then holds. `progress` hears of uploaded bytes."""
    uploaded = 0

    def done(size: int) -> None:
        nonlocal uploaded
        uploaded += size
        progress(size)

    with RawZone(workspace.outputs.lake_blob_endpoint, workspace.credential) as zone:
        manifest, state = store(zone, batches, done)
    return Ingested(manifest, state, uploaded, register(workspace, manifest))
