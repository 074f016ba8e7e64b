"""Reading a Pulumi project and one of its stacks, as the Pulumi CLI does.

``Pulumi.yaml`` names the project, its ``main`` and where the stacks' files are; ``Pulumi.<stack>.yaml`` holds
the settings (Pulumi, "Project file reference" and "Stack settings file reference").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from azlocal.engine.errors import EngineError, RefusedError
from azlocal.engine.yaml_file import DuplicateKeysError, read_yaml
from azlocal.words import with_article

# All that a stack's file may hold (Pulumi, "Stack settings file reference").
STACK_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")


@dataclass(frozen=True)
class Project:
    """One project and one of its stacks.

    ``main`` is the folder or file to run, ``config`` the settings by full key (``project:key``), values as the
    strings that a program receives: objects and lists as JSON.
    """

    name: str
    root: Path
    main: Path
    stack: str
    config: Mapping[str, str] = field(default_factory=dict)


def load_project(folder: Path | str, stack: str) -> Project:
    """Read the project in ``folder`` with the settings of ``stack``.

    Raises:
        EngineError: no project there, not a Python one, or no such stack; the known ones are listed.
        RefusedError: an encrypted setting, which only the Pulumi CLI can read.
    """
    root = Path(folder).absolute()
    described = _read_yaml(_project_file(root))
    name = described.get("name")
    if not isinstance(name, str):
        raise EngineError(f"{root / 'Pulumi.yaml'} has no name", "add `name: <project>` to it")
    _check_runtime(described, root)
    config_dir = root / str(described.get("stackConfigDir") or "")
    path = _stack_file(config_dir, stack)
    settings = _stack_settings(path)
    config = {**_project_config(name, described.get("config") or {}), **_stack_config(name, path, settings)}
    return Project(name, root, _main(root, described.get("main")), stack, config)


def known_stacks(folder: Path | str) -> list[str]:
    """The stacks that have a settings file, in order of name."""
    root = Path(folder).absolute()
    described = _read_yaml(_project_file(root))
    config_dir = root / str(described.get("stackConfigDir") or "")
    return _known(config_dir)


def _project_file(root: Path) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        if (root / name).is_file():
            return root / name
    raise EngineError(f"no Pulumi.yaml in {root}", "run this in the folder of a Pulumi project")


def _check_runtime(described: Mapping[str, Any], root: Path) -> None:
    runtime = described.get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise RefusedError(
            f"the project in {root} has runtime '{name}'; this engine runs Python programs",
            "use the Pulumi CLI for other languages: `azlocal exec -- pulumi up`",
        )


def _main(root: Path, main: str | None) -> Path:
    path = (root / (main or ".")).resolve()
    if path.is_dir():
        path = path / "__main__.py"
    if not path.is_file():
        raise EngineError(f"the program {path} does not exist", "set `main:` in Pulumi.yaml to its folder or file")
    return path


def _known(config_dir: Path) -> list[str]:
    return sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in config_dir.glob("Pulumi.*.yaml"))


def _stack_file(config_dir: Path, stack: str) -> Path:
    path = config_dir / f"Pulumi.{stack}.yaml"
    if "/" in stack or not path.is_file():
        known = _known(config_dir)
        raise EngineError(
            f"unknown environment '{stack}'; known are: {', '.join(known) or 'none'}",
            "choose one of them" if "/" in stack else f"choose one of them, or describe it in {path}",
        )
    return path


def _stack_settings(path: Path) -> Any:
    """What stands under ``config``; a misspelt key beside it would let all of it go unread."""
    read = _read_yaml(path)
    unknown = sorted(str(key) for key in read if key not in STACK_KEYS)
    if unknown:
        near = [found for key in unknown for found in get_close_matches(key, STACK_KEYS, 1)]
        meant = f", perhaps you mean '{near[0]}'" if near else ""
        raise EngineError(
            f"{path} has no key '{', '.join(unknown)}'{meant}",
            f"settings stand under 'config'; beside it may be {', '.join(STACK_KEYS[1:])}",
        )
    return read.get("config") or {}


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        read = read_yaml(path.read_text(encoding="utf-8"))
    except DuplicateKeysError as error:
        raise EngineError(f"{path}: {error}", "keep one of each") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise EngineError(f"{path} is not valid YAML{where}: {getattr(error, 'problem', error)}") from None
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise EngineError(f"{path} must be a mapping of keys to values, but is {with_article(type(read).__name__)}")
    return read


def _project_config(project: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Values and defaults that Pulumi.yaml gives to all stacks."""
    found: dict[str, str] = {}
    for key, entry in config.items():
        value = entry
        if isinstance(entry, dict) and ({"value", "default", "type"} & entry.keys()):
            value = entry.get("value", entry.get("default"))
        if value is not None:
            found[_full_key(project, str(key))] = _as_text(value)
    return found


def _stack_config(project: str, path: Path, settings: Any) -> dict[str, str]:
    if not isinstance(settings, dict):
        raise EngineError(f"'config' in {path} must be a mapping of keys to values")
    encrypted = sorted(str(key) for key, value in settings.items() if _has_secure(value))
    if encrypted:
        raise RefusedError(
            f"{path} holds encrypted settings, which only the Pulumi CLI can read: {', '.join(encrypted)}",
            "leave secrets out of this environment: let the program make them, or read them from a vault",
        )
    _refuse_twice(project, path, settings)
    return {_full_key(project, str(key)): _as_text(value) for key, value in settings.items()}


def _refuse_twice(project: str, path: Path, settings: Mapping[Any, Any]) -> None:
    """`region` and `shop:region` are one setting of the project `shop`."""
    short = {_full_key(project, str(key)): str(key) for key in settings if ":" not in str(key)}
    twice = sorted(f"'{key}' is also '{short[str(key)]}'" for key in settings if str(key) in short)
    if twice:
        raise EngineError(f"{path} has settings twice: {'; '.join(twice)}", "keep one of each")


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return (len(value) == 1 and "secure" in value) or any(_has_secure(item) for item in value.values())
    return isinstance(value, list) and any(_has_secure(item) for item in value)


def _full_key(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _as_text(value: Any) -> str:
    """A setting as a program sees it: text, with objects, lists, numbers and booleans as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)
