"""What a deployment's properties say about serving: limits, time-outs and probes, with Azure's defaults.

The defaults are those of Microsoft Learn, "CLI (v2) managed online deployment YAML schema": one request at a time
per instance, 5 seconds each, probes every 10 seconds that may fail 30 times.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

_DURATION = re.compile(
    r"P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


def seconds(duration: str) -> float:
    """An ISO 8601 duration in seconds.

    Raises:
        ValueError: it is none, or it has years or months, whose length is unknown.
    """
    match = _DURATION.fullmatch(duration)
    if not match or not any(match.groups()):
        raise ValueError(f"'{duration}' is not a duration in ISO 8601 format, such as PT5S or PT1M30S")
    return sum(float(value) * _SECONDS[name] for name, value in match.groupdict().items() if value)


@dataclass(frozen=True, slots=True)
class Probe:
    """How a process is asked whether it is well. Times are in seconds."""

    delay: float
    period: float
    timeout: float
    failures: int

    @classmethod
    def read(cls, settings: dict[str, Any] | None) -> Probe:
        """From a deployment's ``livenessProbe`` or ``readinessProbe``."""
        given = settings or {}
        return cls(
            seconds(given.get("initialDelay") or "PT10S"),
            max(seconds(given.get("period") or "PT10S"), 1.0),
            seconds(given.get("timeout") or "PT2S"),
            int(given.get("failureThreshold") or 30),
        )

    @property
    def patience(self) -> float:
        """How long a process may take until it answers for the first time."""
        return self.delay + self.period * self.failures


@dataclass(frozen=True, slots=True)
class Serving:
    """What may go on in a deployment at the same time. ``timeout`` is in seconds."""

    instances: int
    concurrent: int
    timeout: float
    processes: int
    liveness: Probe
    readiness: Probe

    @classmethod
    def read(cls, capacity: int, properties: dict[str, Any], variables: dict[str, str]) -> Serving:
        """From a deployment's sku and properties. ``WORKER_COUNT`` is the processes of one instance."""
        request = properties.get("requestSettings") or {}
        given = str(variables.get("WORKER_COUNT", ""))
        workers = int(given) if given.isdigit() else 1
        return cls(
            instances=capacity,
            concurrent=int(request.get("maxConcurrentRequestsPerInstance") or 1),
            timeout=seconds(request.get("requestTimeout") or "PT5S"),
            processes=max(1, min(capacity * workers, os.cpu_count() or 1)),
            liveness=Probe.read(properties.get("livenessProbe")),
            readiness=Probe.read(properties.get("readinessProbe")),
        )

    @property
    def slots(self) -> int:
        """Requests that one process is given at a time."""
        return -(-self.concurrent * self.instances // self.processes)

    @property
    def pending(self) -> int:
        """Requests that may be there, waiting or being answered.

        Microsoft Learn, "Troubleshoot online endpoints", 429 Too many pending requests.
        """
        return 2 * self.concurrent * self.instances
