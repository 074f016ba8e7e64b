"""What a plan can't tell of a region: whether it offers a machine size of which the dated tables say nothing.

A size that Azure's price list has in a region is one that the region offers.
"""

from __future__ import annotations

from collections.abc import Iterator

from azlocal.arm.offers import READ, offered
from azlocal.engine.views.cost import MACHINE, Cost, table


def report(found: Cost) -> Iterator[str]:
    """The line that ``azlocal plan`` prints for each region."""
    priced = {(row["meter"], row["region"]) for row in table()["rows"]}
    sizes: dict[str, set[str]] = {}
    for line in found.lines:
        kind, _, size = line.meter.partition(" ")
        if kind == MACHINE and (line.meter, line.region) not in priced and offered(size, line.region) is None:
            sizes.setdefault(line.region, set()).add(size)
    for region, unknown in sorted(sizes.items()):
        yield (
            f"not judged: whether {region} offers {', '.join(sorted(unknown))}: the tables of {READ} do not say;"
            f" `az vm list-skus --location {region}` does"
        )
