"""A value that is not known before the update: whatever a rule asks of it, the answer is an error."""

from __future__ import annotations

from typing import Any, NoReturn


class UnknownError(Exception):
    """A rule needs what a preview cannot know; ``field`` says what."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not known before the update")
        self.field = field


class Unknown:
    """Stands where a value will be. It can be carried along, and nothing else.

    Args:
        field: whose value it is.
    """

    def __init__(self, field: str) -> None:
        self._field = field

    def _asked(self, *_: Any) -> NoReturn:
        raise UnknownError(self._field)

    def __getattr__(self, _name: str) -> NoReturn:
        raise UnknownError(self._field)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _asked
    __bool__ = __int__ = __len__ = __iter__ = __contains__ = __getitem__ = __str__ = __repr__ = __hash__ = _asked
