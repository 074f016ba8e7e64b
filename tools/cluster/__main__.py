"""A real Kubernetes control plane on this machine: ``make cluster``.

etcd, the API server and the controllers, on loopback; no node, so a pod stays Pending for ever. What the cluster
holds ends with it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tools.cluster.binary import ClusterError
from tools.cluster.control_plane import KUBECONFIG, start, stop


def main(arguments: list[str]) -> int:
    """``start``, ``stop``, or ``run COMMAND``: with KUBECONFIG, started and stopped around it where none is given."""
    parser = argparse.ArgumentParser(prog="cluster", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("start", help="build it if need be, start it, say where its kubeconfig is")
    commands.add_parser("stop", help="stop it and forget what it held")
    run = commands.add_parser("run", help="run a command with KUBECONFIG: the caller's, or this cluster's")
    run.add_argument("rest", nargs=argparse.REMAINDER, metavar="COMMAND")
    chosen = parser.parse_args(arguments)
    try:
        match chosen.command:
            case "start":
                start()
                sys.stdout.write(f"KUBECONFIG={KUBECONFIG}\n")
            case "stop":
                stop()
            case _:
                return with_cluster(chosen.rest)
    except ClusterError as error:
        sys.stderr.write(f"error: {error}\nhint: {error.hint}\n")
        return 1
    return 0


def with_cluster(command: list[str]) -> int:
    """Run a command; the cluster that KUBECONFIG names wins over the one made here."""
    if os.environ.get("KUBECONFIG"):
        return subprocess.run(command, check=False).returncode
    started = start()
    try:
        return subprocess.run(command, check=False, env={**os.environ, "KUBECONFIG": str(KUBECONFIG)}).returncode
    finally:
        if started:
            stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
