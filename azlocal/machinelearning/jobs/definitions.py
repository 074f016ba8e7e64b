"""What an environment asks for: a Python and lines of requirements, read from its conda file.

There are no containers and no conda here. The image is taken for the bare Python it brings; conda's own
packages are looked for on the package index under the same name, and the build log says so.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from dataclasses import dataclass
from typing import Any

from azlocal.arm.errors import bad_request, not_served

Json = dict[str, Any]

_CONDA = re.compile(r"(?:[\w./-]+::)?(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<spec>[=<>!~].*)?")
_NOT_PACKAGES = frozenset({"pip", "setuptools", "wheel"})


@dataclass(frozen=True, slots=True)
class Definition:
    """What is built. ``requirements`` are lines of a requirements file, as the definition has them."""

    python: str
    requirements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Equal for equal content on the same kind of machine."""
        content = [self.python, *self.requirements, sys.platform, platform.machine()]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def read(properties: Json, name: str) -> Definition:
    """The definition in an environment version's properties.

    Raises:
        ArmError: 501 for a Dockerfile, 400 for a conda file that is none.
    """
    if properties.get("build"):
        raise not_served(
            f"environment '{name}' is built from a Dockerfile, and there are no containers here; give it an image and"
            " a conda file instead"
        )
    notes = ["The image is not used: there are no containers here."] if properties.get("image") else []
    if not properties.get("condaFile"):
        return Definition(_own_python(), (), tuple(notes))
    content = _parse(properties["condaFile"], name)
    python, requirements = _own_python(), []
    for entry in content.get("dependencies") or []:
        if isinstance(entry, dict):
            requirements += [str(line) for line in entry.get("pip") or []]
        elif version := _python(str(entry)):
            python = version
        elif line := _from_conda(str(entry), name):
            requirements.append(line)
            notes.append(f"The conda package '{entry}' is taken from the package index as '{line}'.")
    return Definition(python, tuple(requirements), tuple(notes))


def _own_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _parse(conda_file: Any, name: str) -> Json:
    import yaml

    try:
        content = yaml.safe_load(conda_file) if isinstance(conda_file, str) else conda_file
    except yaml.YAMLError as error:
        raise bad_request(
            f"The conda file of environment '{name}' is no YAML: {' '.join(str(error).split())}.", "UserError"
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("dependencies") or [], list):
        raise bad_request(
            f"The conda file of environment '{name}' must be a mapping with a list 'dependencies'.", "UserError"
        )
    return content


def _python(entry: str) -> str | None:
    """The version that ``python=3.11``, ``python==3.11.*`` or ``python>=3.10`` asks for, as uv reads it."""
    match = _CONDA.fullmatch(entry.strip())
    if match is None or match["name"].lower() != "python":
        return None
    spec = (match["spec"] or "").strip().replace(" ", "")
    if not spec:
        return _own_python()
    if spec.startswith("=") or spec[0].isdigit():
        return spec.lstrip("=").removesuffix(".*")
    return spec


def _from_conda(entry: str, name: str) -> str | None:
    match = _CONDA.fullmatch(entry.strip())
    if match is None:
        raise bad_request(f"The dependency '{entry}' of environment '{name}' cannot be read.", "UserError")
    if match["name"].lower() in _NOT_PACKAGES:
        return None
    spec = (match["spec"] or "").replace(" ", "")
    if spec.startswith("==") or not spec.startswith("="):
        return match["name"] + spec
    version = spec.lstrip("=").partition("=")[0]  # name=version=build
    return f"{match['name']}=={version}" + ("" if version.endswith("*") else ".*")
