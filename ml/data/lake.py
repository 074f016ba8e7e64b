"""The raw zone of the lake, through its Blob endpoint and the caller's own identity: no key, no SAS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient, ContentSettings

from ml.data.manifest import Manifest
from ml.errors import MlError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ml.data.batches import RawFile

DATASET = "nycflights13"
CURRENT = f"{DATASET}/manifest.json"
CSV = ContentSettings(content_type="text/csv")
JSON = ContentSettings(content_type="application/json")


class RawZone:
    """One data set's folder in the lake's `raw` container."""

    def __init__(self, blob_endpoint: str, credential: TokenCredential) -> None:
        self._container = ContainerClient(blob_endpoint, "raw", credential=credential)
        self._etag: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def read_manifest(self) -> Manifest:
        """The current version; an empty one before the first batch."""
        try:
            download = self._container.download_blob(CURRENT)
        except ResourceNotFoundError as error:
            if getattr(error, "error_code", "") == "ContainerNotFound":
                raise MlError("the lake has no container 'raw'", "bring the platform up first") from None
            return Manifest()
        self._etag = download.properties.etag
        return Manifest.from_json(download.readall())

    def put_file(self, file: RawFile) -> bool:
        """Store a file; False if it was there already. Its path names its content, so being there is being right."""
        try:
            self._container.upload_blob(
                f"{DATASET}/{file.path}", file.content, overwrite=False, content_settings=CSV, max_concurrency=4
            )
        except ResourceExistsError:
            return False
        return True

    def put_manifest(self, manifest: Manifest) -> None:
        """Store a version, then make it the current one, unless another ingest did so since it was read."""
        from azure.core import MatchConditions

        text = manifest.to_json()
        name = f"{DATASET}/manifests/{manifest.version}.json"
        self._container.upload_blob(name, text, overwrite=True, content_settings=JSON)
        try:
            if self._etag is None:
                self._container.upload_blob(CURRENT, text, overwrite=False, content_settings=JSON)
            else:
                self._container.upload_blob(
                    CURRENT,
                    text,
                    overwrite=True,
                    content_settings=JSON,
                    etag=self._etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except HttpResponseError as error:
            if error.status_code in (409, 412):
                raise MlError(
                    "another ingest has changed the manifest meanwhile", "run `ml ingest` again: nothing is lost"
                ) from None
            raise
