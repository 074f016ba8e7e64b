"""What goes wrong in a way that its user can mend."""

from __future__ import annotations


class MlError(Exception):
    """A message that says what is wrong and was given, and a hint that says the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
