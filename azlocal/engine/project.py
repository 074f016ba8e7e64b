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

from azlocal.engine.errors import EngineError, FileError, RefusedError
from azlocal.engine.yaml_file import CycleError, DuplicateKeysError, line_of, read_yaml
from azlocal.words import with_article

# All that a stack's file may hold (Pulumi, "Stack settings file reference").
STACK_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
STACK_PAGE = "https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/"
PROJECT_PAGE = "https://www.pulumi.com/docs/iac/concepts/projects/project-file/"


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
        FileError: a file of it is not what it should be.
        RefusedError: an encrypted setting, which only the Pulumi CLI can read.
    """
    root = Path(folder).absolute()
    described = _read_yaml(_project_file(root), root)
    name = described.get("name")
    if not isinstance(name, str):
        raise EngineError(f"{root / 'Pulumi.yaml'} has no name", "add `name: <project>` to it")
    _check_runtime(described, root)
    config_dir = root / str(described.get("stackConfigDir") or "")
    path = _stack_file(config_dir, stack)
    settings = _stack_settings(path, root)
    config = {**_project_config(name, described.get("config") or {}), **_stack_config(name, path, settings, root)}
    return Project(name, root, _main(root, described.get("main")), stack, config)


def known_stacks(folder: Path | str) -> list[str]:
    """The stacks that have a settings file, in order of name."""
    root = Path(folder).absolute()
    described = _read_yaml(_project_file(root), root)
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


def _stack_settings(path: Path, root: Path) -> Any:
    """What stands under ``config``; a misspelt key beside it would let all of it go unread."""
    read = _read_yaml(path, root)
    unknown = sorted(str(key) for key in read if key not in STACK_KEYS)
    if unknown:
        near = [found for key in unknown for found in get_close_matches(key, STACK_KEYS, 1)]
        meant = f"did you mean '{near[0]}'? " if near else ""
        raise _file_error(
            path,
            root,
            f"does not know the key '{', '.join(unknown)}'",
            f"{meant}settings stand under 'config'; beside it may be {', '.join(STACK_KEYS[1:])}",
            key=unknown[0],
        )
    return read.get("config") or {}


def _file_error(
    path: Path, root: Path, message: str, hint: str, *, key: str = "", line: int | None = None
) -> FileError:
    """What is wrong with a file; without a line, the one of the key, or the file's first."""
    found = line if line is not None else line_of(path.read_text(encoding="utf-8"), key)
    short = path.relative_to(root) if path.is_relative_to(root) else path
    page = PROJECT_PAGE if path.stem == "Pulumi" else STACK_PAGE
    lined = f":{found}" if found else ""
    return FileError(f"{path}{lined} {message}", hint, f"{short}{lined}", key, page)


def _read_yaml(path: Path, root: Path) -> dict[str, Any]:
    try:
        read = read_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise _file_error(path, root, "is not UTF-8 text", "save it in UTF-8", line=0) from None
    except DuplicateKeysError as error:
        raise _file_error(path, root, f"says things twice: {error}", "keep one of each", line=0) from None
    except CycleError as error:
        raise _file_error(
            path, root, f"cannot be a setting: {error}", "write the value out instead of the alias", line=error.line
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _file_error(
            path,
            root,
            f"is not valid YAML: {getattr(error, 'problem', error)}",
            "look at this line and the one above it: indentation, brackets and quotes",
            line=mark.line + 1 if mark else 0,
        ) from None
    if read is None:
        return {}
    if not isinstance(read, dict):
        kind = with_article(type(read).__name__)
        hint = (
            "begin it with the key `name:`" if path.stem == "Pulumi" else "begin it with `config:`, settings below it"
        )
        raise _file_error(path, root, f"must be a mapping of keys to values, but is {kind}", hint)
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


def _stack_config(project: str, path: Path, settings: Any, root: Path) -> dict[str, str]:
    if not isinstance(settings, dict):
        kind = with_article(type(settings).__name__)
        message = f"'config' must be a mapping of keys to values, but is {kind}"
        raise _file_error(path, root, message, "give the settings below it, one key each", key="config")
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
