"""Waiting for a data plane that is not ready yet: asked again until it is, and never for ever.

A service answers 403 or 404 for some minutes after its control plane has said that it is there: roles travel 2 to
5 minutes, names and networks 1 to 2 (Microsoft Learn, "How to manage Synapse RBAC role assignments" and "Troubleshoot
Azure RBAC").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

SECONDS = 600.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
REFUSALS = 3
"""As many as a new assignment may take to be seen where assignments are listed: seconds, not minutes."""
NOT_YET = frozenset({403, 404, 408, 409, 429, 500, 502, 503, 504})
"""Answers that may be others in a minute."""


def patiently(
    call: Callable[[], Found],
    ready: Callable[[Found], bool] = lambda _: True,
    *,
    what: str,
    seconds: float = SECONDS,
    hopeless: Callable[[], str] = lambda: "",
) -> Found:
    """What a call answers once it is ready.

    ``hopeless`` is asked after some refusals with 403: it says why no waiting will help, or nothing.

    Raises:
        PermissionError: what ``hopeless`` says.
        TimeoutError: it answered, but was not ready in time.
        AzureError: the last refusal, where it still refused at the end; any other refusal at once.
    """
    from azure.core.exceptions import HttpResponseError, ServiceRequestError

    until, pause, refused = time.monotonic() + seconds, FIRST_PAUSE, 0
    while True:
        last = time.monotonic() + pause > until
        try:
            found = call()
            if ready(found):
                return found
            if last:
                raise TimeoutError(f"{what} was not ready after {seconds:.0f} s: run up again, it goes on from here")
        except HttpResponseError as error:
            if last or error.status_code not in NOT_YET:
                raise
            refused += error.status_code == 403
            if refused == REFUSALS and (why := hopeless()):
                raise PermissionError(why) from error
        except ServiceRequestError:  # its name does not resolve yet
            if last:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
