"""Dynamic resources of a program (``pulumi.dynamic``): their providers are pickled into an input of each.

This does what the SDK's own host for them does (``pulumi/dynamic/__main__.py``), in this process: unpickle, configure
once, call. A provider sees plain values; what was secret on the way in is secret again on the way out. A plan
calls ``check`` and ``diff`` alone.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azlocal.engine.errors import RefusedError, ResourceError
from azlocal.engine.provider import Checked, Difference, Goal, Json, KeepsNothing, refuse_others
from azlocal.engine.values import Secret, encode, from_plain, reveal, walk, with_placeholders

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider

PACKAGE = "pulumi-python"
TYPES = f"{PACKAGE}:dynamic"
CODE = "__provider"
_SHORTEST_SECRET = 4  # letters; anything shorter would be found in every message


class DynamicProvider(KeepsNothing):
    """The ``pulumi-python`` package.

    Args:
        config: the stack's settings, which ``configure`` of each provider is given.
        project: whose settings those without a namespace are.
    """

    opaque = True

    def __init__(self, config: Mapping[str, str], project: str) -> None:
        self._config = dict(config)
        self._project = project
        self._loaded: dict[str, ResourceProvider] = {}
        self._lock = threading.Lock()
        # What Azure's clients log they also raise, and that is told once, with the resource.
        logging.getLogger("azure").addHandler(logging.NullHandler())

    def check(self, goal: Goal) -> Checked:
        """The provider's own ``check``; its failures are the program's mistakes."""
        olds, news = _plain(goal.old or {}), _plain(goal.inputs)
        result = self._call(goal, lambda code: code.check(olds, dict(news)))
        if result.failures:
            raise ResourceError(
                "CheckFailed", "; ".join(f"{failure.property}: {failure.reason}" for failure in result.failures)
            )
        inputs = _keep_secret({**from_plain(result.inputs), CODE: goal.inputs[CODE]}, goal.inputs)
        body = reveal({name: value for name, value in inputs.items() if name != CODE})
        return Checked(inputs, goal.id, body=with_placeholders(body))

    def diff(self, goal: Goal, checked: Checked) -> Difference:
        """The provider's own ``diff``, from what it last answered to what is wanted now."""
        olds, news = _plain(goal.outputs or {}), _plain(checked.inputs)
        found = self._call(goal, lambda code: code.diff(goal.id, olds, news))
        return Difference(
            found.changes, tuple(found.replaces or ()), bool(found.delete_before_replace), tuple(found.stables or ())
        )

    def configure(self, name: str, inputs: Json) -> None:
        """There is nothing to say to it."""
        refuse_others(name, inputs, frozenset({"version"}), "leave them out")

    def place(self, settings: Json) -> str:
        """Wherever its code goes."""
        return ""

    def create_only(self, type_: str, settings: Json) -> tuple[str, ...]:
        """Only ``diff`` knows."""
        return ()

    def exists(self, goal: Goal, checked: Checked) -> bool:
        """A create that failed has left nothing: so ``ResourceProvider.create`` has to keep it."""
        return False

    def refuse_taken(self, goal: Goal, checked: Checked) -> None:
        """Only ``create`` knows."""

    def create(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """``create``; only now the id is known."""
        made = self._call(goal, lambda code: code.create(_plain(checked.inputs)))
        checked.id = str(made.id)
        return _outputs(made.outs, checked.inputs)

    def update(self, goal: Goal, checked: Checked, timeout: float) -> Json:
        """``update``."""
        olds, news = _plain(goal.outputs or {}), _plain(checked.inputs)
        return _outputs(self._call(goal, lambda code: code.update(goal.id, olds, news)).outs, checked.inputs)

    def read(self, goal: Goal, id_: str, version: str = "") -> Json | None:
        """``read``; without an id there is nothing."""
        found = self._call(goal, lambda code: code.read(id_, _plain(goal.outputs or goal.inputs)))
        return _outputs(found.outs, goal.inputs) if found.id else None

    def delete(self, goal: Goal, id_: str, api_version: str, timeout: float) -> None:
        """``delete`` with what ``create`` or ``update`` last answered."""
        self._call(goal, lambda code: code.delete(id_, _plain(goal.outputs or goal.inputs)))

    def holds(self, type_: str) -> str:
        """Nobody can tell."""
        return ""

    def invoke(self, token: str, arguments: Json, settings: Json) -> Json:
        """There are no functions."""
        raise RefusedError(f"the function '{token}' is not served by this engine")

    def _call(self, goal: Goal, method: Callable[[ResourceProvider], Any]) -> Any:
        """Call the code of a goal: whatever it raises is the resource's failure, without what is secret.

        Raises:
            ResourceError: with Azure's own code where the exception carries one.
        """
        try:
            return method(self._code(goal))
        except Exception as error:
            answer = getattr(error, "error", None)
            code = getattr(answer, "code", None) or type(error).__name__
            said = getattr(answer, "message", None) or str(error) or type(error).__name__
            raise ResourceError(str(code), _without_secrets(str(said), goal)) from error

    def _code(self, goal: Goal) -> ResourceProvider:
        """The unpickled provider; a goal that is to go may only have the one it was made with."""
        pickled = reveal(goal.inputs.get(CODE))
        if not isinstance(pickled, str):
            pickled = reveal((goal.outputs or {}).get(CODE))
        if not isinstance(pickled, str):
            raise ResourceError("NoProvider", f"it has no '{CODE}', which pulumi.dynamic.Resource gives it")
        with self._lock:
            if pickled not in self._loaded:
                self._loaded[pickled] = self._load(pickled)
            return self._loaded[pickled]

    def _load(self, pickled: str) -> ResourceProvider:
        import dill  # type: ignore[import-untyped]
        from pulumi.dynamic import ConfigureRequest
        from pulumi.dynamic.config import Config
        from pulumi.runtime._serialization import _deserialize

        code: ResourceProvider = _deserialize(lambda: dill.loads(base64.b64decode(pickled)))  # noqa: S301
        code.configure(ConfigureRequest(Config(dict(self._config), self._project)))
        return code


def _plain(values: Json) -> Json:
    """What a provider is given: no marks; an unknown is the SDK's text for it."""
    return dict(encode(reveal(values)))


def _outputs(outs: Mapping[str, Any] | None, inputs: Json) -> Json:
    return dict(_keep_secret({**from_plain(dict(outs or {})), CODE: inputs[CODE]}, inputs))


def _keep_secret(value: Any, before: Any) -> Any:
    """``value`` with secrets where ``before`` has them: a provider hands values on without the marks."""
    if isinstance(value, Secret):
        return value
    if isinstance(before, Secret):
        return Secret(reveal(value))
    if isinstance(value, dict) and isinstance(before, dict):
        return {name: _keep_secret(item, before.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(before, list) and len(value) == len(before):
        return [_keep_secret(item, other) for item, other in zip(value, before, strict=True)]
    return value


def _without_secrets(message: str, goal: Goal) -> str:
    """An exception's words may repeat what it was given."""
    held = [reveal(item) for item in walk({**(goal.outputs or {}), **goal.inputs}) if isinstance(item, Secret)]
    for text in [item for one in held for item in walk(one) if isinstance(item, str)]:
        if len(text) >= _SHORTEST_SECRET:
            message = message.replace(text, "[secret]")
    return message


def is_dynamic(type_: str) -> bool:
    """Whether a type's provider is code of the program."""
    return type_.startswith(TYPES)
