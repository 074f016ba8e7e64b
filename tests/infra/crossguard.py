"""Pulumi's side of a policy pack: its process, started as the CLI does, and the calls it makes while it deploys."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # a string that is not known yet, as Pulumi writes it


@dataclass(frozen=True)
class Given:
    """A resource as the program registers it."""

    urn: str
    name: str
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What a pack said of one resource."""

    policy: str
    urn: str
    mandatory: bool
    message: str


class Pack:
    """A running pack."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub: Any = analyzer_pb2_grpc.AnalyzerStub(channel)
        self.not_applicable: set[str] = set()

    def info(self) -> Any:
        """The pack's name and its policies."""
        return self._stub.GetAnalyzerInfo(Empty())

    def deploy(self, resources: Sequence[Given]) -> list[Told]:
        """Everything that is said while these are registered one after the other, and of all of them at the end."""
        told = []
        for one in resources:
            answer = self._stub.Analyze(
                analyzer_pb2.AnalyzeRequest(urn=one.urn, name=one.name, type=one.type, properties=_struct(one.inputs))
            )
            told += answer.diagnostics
            self.not_applicable |= {given.policy_name for given in answer.not_applicable}
        every = [
            analyzer_pb2.AnalyzerResource(urn=one.urn, name=one.name, type=one.type, properties=_struct(one.inputs))
            for one in resources
        ]
        told += self._stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=every)).diagnostics
        return [
            Told(one.policyName, one.urn, one.enforcementLevel == analyzer_pb2.MANDATORY, one.message) for one in told
        ]


@contextmanager
def running(python: Path, folder: Path, stack: str) -> Iterator[Pack]:
    """The pack's process for a deployment of a stack: it writes its port, and serves until it is stopped."""
    told = {"PULUMI_PROJECT": "azure-ml-platform", "PULUMI_STACK": stack, "PULUMI_DRY_RUN": "true"}
    process = subprocess.Popen(
        [str(python), "-u", str(folder)], cwd=folder, env={**os.environ, **told}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            port = process.stdout.readline().strip()
            assert port.isdigit(), f"the pack said {port!r} instead of its port"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Pack(channel)
        finally:
            process.terminate()
            process.wait()


def _struct(values: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made
