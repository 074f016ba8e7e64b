"""Import before anything that starts OpenMP threads: lets them sleep while they wait for each other.

By default they spin, which on a machine with other work takes five times as long: the thread that is waited
for is the one that gets no processor.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
