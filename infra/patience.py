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
NOT_YET = frozenset({403, 404, 408, 409, 429, 500, 502, 503, 504})
"""Answers that may be others in a minute."""


def patiently(
    call: Callable[[], Found],
    ready: Callable[[Found], bool] = lambda _: True,
    *,
    what: str,
    seconds: float = SECONDS,
) -> Found:
    """What a call answers once it is ready.

    Raises:
        TimeoutError: it answered, but was not ready in time.
        AzureError: the last refusal, where it still refused at the end; any other refusal at once.
    """
    from azure.core.exceptions import HttpResponseError, ServiceRequestError

    until, pause = time.monotonic() + seconds, FIRST_PAUSE
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
        except ServiceRequestError:  # its name does not resolve yet
            if last:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
