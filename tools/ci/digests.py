"""What one job hands to another by way of an artifact is held against its SHA-256, which goes another way."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from tools.ci.job import StepError

AGAIN = "run the whole workflow again, so that it is approved anew"


def digest(file: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        StepError: there is none.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise StepError(f"{file} can't be read: {error.strerror}", "the step before this one writes it") from None


def require(found: str, wanted: str, file: Path, what: str = "what was approved") -> None:
    """Refuse another file than the one that was handed on.

    Raises:
        StepError: it is another.
    """
    if not hmac.compare_digest(found, wanted):
        raise StepError(
            f"{file.name} is not {what}: its sha256 is {found}, approved was {wanted or 'none'}",
            AGAIN,
        )
