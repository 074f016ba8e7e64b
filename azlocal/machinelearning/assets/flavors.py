"""What an MLflow model can be loaded as: the flavors in its own MLmodel file."""

from __future__ import annotations

from typing import Any

from azlocal.arm.errors import ArmError, bad_request
from azlocal.machinelearning.data import Data
from azlocal.machinelearning.places import Place, Places
from azlocal.state import Resource, State
from azlocal.storage.errors import StorageError

Json = dict[str, Any]


async def read_flavors(data: Data, place: Place) -> Json:
    """The flavors as Azure ML keeps them, every value as text; none where there is no MLmodel.

    Raises:
        ArmError: 400, the file cannot be read.
    """
    import yaml

    try:
        found = place.below("MLmodel")
        text = await data.blobs.read(found.account, found.container, found.path)
        flavors = (yaml.safe_load(text) or {}).get("flavors") or {}
    except StorageError:
        return {}
    except yaml.YAMLError as error:
        raise bad_request(f"The file MLmodel at '{place.uri}' cannot be read: {error}.") from None
    return {
        name: {"data": {str(key): str(value) for key, value in (one or {}).items()}} for name, one in flavors.items()
    }


async def fill_in(state: State, data: Data, places: Places, version: Resource) -> None:
    """Give a registered version its flavors; one whose files cannot be found keeps none."""
    try:
        place = places.locate(version.key.split("/models/")[0], str(version.properties["modelUri"]))
        flavors = await read_flavors(data, place) if isinstance(place, Place) else {}
    except ArmError:
        return
    current = state.get(version.key)
    if flavors and current is not None:
        current.properties["flavors"] = flavors
        state.put(current)
