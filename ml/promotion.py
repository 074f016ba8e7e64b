"""A model's way from the workspace that trained it to others: shared into a registry, with what it was judged by.

The registry holds the model. What `ml share` leaves in a folder beside it (its name there, its figures, flights with
the answers that it gave) goes to whoever deploys it elsewhere, and is held against the registry's model there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlError
from ml.models import Registered
from ml.runs import REPORTS

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

FOLDER = REPORTS / "promotion"
NOTE, METRICS, SAMPLE = "promotion.json", "metrics.json", "sample.csv"
LINEAGE = ("source_job", "data", "commit", "environment", "mae", "baseline_mae")
AGAIN = "share it again: `ml share`"


@dataclass(frozen=True)
class Promotion:
    """What is promoted: a model in a registry, and the digests of the files beside the note."""

    registry: str
    name: str
    version: str
    tags: dict[str, str]
    files: dict[str, str]

    @property
    def model(self) -> Registered:
        """The model, as a deployment names it."""
        return Registered(self.name, self.version, self.tags, self.registry)


def share(client: MLClient, model: Registered, registry: str) -> None:
    """Bring a version into a registry, under its name and number; it may be there from an earlier call.

    Raises:
        MlError: the registry has another model under them.
    """
    from azure.ai.ml.exceptions import ValidationException

    wanted = {"share_with_name": model.name, "share_with_version": model.version}
    try:
        client.models.share(model.name, model.version, registry_name=registry, **wanted)
    except ValidationException as error:
        if "already exists in registry" not in str(error):
            raise


def check(found: Registered, promotion: Promotion, metrics: Mapping[str, Any]) -> None:
    """Hold a registry's model against what was judged: the same lineage, and figures that are those of its tags.

    Raises:
        MlError: it is another model, or was judged by other figures.
    """
    differing = [tag for tag in LINEAGE if found.tags.get(tag) != promotion.tags.get(tag)]
    if differing:
        told = ", ".join(f"{tag} {found.tags.get(tag)!r} instead of {promotion.tags.get(tag)!r}" for tag in differing)
        raise MlError(f"the registry's {found.reference} is not the model that was shared: {told}", AGAIN)
    missing = [tag for tag in LINEAGE if tag not in promotion.tags]
    if missing:
        raise MlError(f"{promotion.model.reference} has no tags {', '.join(missing)}", "share a model of `ml train`")
    for tag, key in (("mae", "model_mae"), ("baseline_mae", "baseline_mae")):
        if promotion.tags[tag] != f"{metrics[key]:.3f}":
            raise MlError(
                f"{promotion.model.reference} says {tag} {promotion.tags[tag]}, its report {metrics[key]:.3f}", AGAIN
            )


def in_registry(client: MLClient, promotion: Promotion) -> Registered:
    """The registry's model; MlError if there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found = client.models.get(promotion.name, promotion.version)
    except ResourceNotFoundError:
        reference = promotion.model.reference
        raise MlError(f"the registry {promotion.registry} has no model {reference}", AGAIN) from None
    return Registered(str(found.name), str(found.version), dict(found.tags or {}), promotion.registry)


def write(folder: Path, model: Registered, registry: str, report: Path) -> Path:
    """Leave the note with the files that it names; the note."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (METRICS, SAMPLE):
        shutil.copyfile(report / name, folder / name)
    files = {name: _digest(folder / name) for name in (METRICS, SAMPLE)}
    note = folder / NOTE
    note.write_text(json.dumps(asdict(Promotion(registry, model.name, model.version, model.tags, files)), indent=2))
    return note


def read(folder: Path) -> Promotion:
    """What was left in a folder.

    Raises:
        MlError: there is no note, or a file is not the one that it names.
    """
    try:
        promotion = Promotion(**json.loads((folder / NOTE).read_text()))
        changed = [name for name, digest in promotion.files.items() if _digest(folder / name) != digest]
    except FileNotFoundError as error:
        raise MlError(f"there is no {error.filename}", "give the folder that `ml share` left") from None
    except (TypeError, ValueError) as error:
        raise MlError(f"{folder / NOTE} is no note of `ml share`: {error}", AGAIN) from None
    if changed or not {METRICS, SAMPLE} <= promotion.files.keys():
        raise MlError(f"{folder} is not as `ml share` left it: {', '.join(changed) or 'files are missing'}", AGAIN)
    return promotion


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
