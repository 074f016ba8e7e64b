"""What the machine sizes in use can do, where a setting depends on it (virtual-machines/sizes).

A size that is not listed is not judged: Azure adds them faster than a table can.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VmSize:
    """A machine size.

    Args:
        cores, memory: cores and GiB.
        disk: GiB of the machine's own that an ephemeral OS disk may take: its cache or its temporary disk,
            whichever is larger (virtual-machines/ephemeral-os-disks).
        gpus: how many.
    """

    cores: int
    memory: int
    disk: int
    gpus: int = 0


SIZES: dict[str, VmSize] = {
    "Standard_DS2_v2": VmSize(2, 7, 86),
    "Standard_DS3_v2": VmSize(4, 14, 172),
    "Standard_DS4_v2": VmSize(8, 28, 344),
    "Standard_DS5_v2": VmSize(16, 56, 688),
    **{f"Standard_D{n}s_v3": VmSize(n, 4 * n, 25 * n) for n in (2, 4, 8, 16)},
    # Without a temporary disk there is no room for the operating system either.
    **{f"Standard_D{n}s_v5": VmSize(n, 4 * n, 0) for n in (2, 4, 8, 16)},
    **{f"Standard_E{n}s_v5": VmSize(n, 8 * n, 0) for n in (2, 4, 8, 16)},
    "Standard_D2ds_v5": VmSize(2, 8, 75),
    "Standard_D4ds_v5": VmSize(4, 16, 150),
    "Standard_D8ds_v5": VmSize(8, 32, 300),
    "Standard_D16ds_v5": VmSize(16, 64, 600),
    "Standard_E4ds_v5": VmSize(4, 32, 150),
    "Standard_E8ds_v5": VmSize(8, 64, 300),
    "Standard_NC4as_T4_v3": VmSize(4, 28, 176, gpus=1),
    "Standard_NC24ads_A100_v4": VmSize(24, 220, 64, gpus=1),
}
