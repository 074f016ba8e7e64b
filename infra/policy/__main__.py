"""The pack as Pulumi runs it: ``pulumi up --policy-pack infra/policy``."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi runs this folder as a program, with the folder itself on the path and not the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.policy.crossguard import pack

pack()
