"""Step 1: raw tables of one data version in, features out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .batches import DataError, read_version
from .columns import TARGET
from .features import build


def main() -> None:
    """Write `features.parquet` into the folder given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw data in the lake")
    parser.add_argument("--version", required=True, help="data version: the name of a manifest in it")
    parser.add_argument("--features", type=Path, required=True, help="folder to write to")
    args = parser.parse_args()

    try:
        raw = read_version(args.raw, args.version)
    except DataError as error:
        sys.exit(f"error: {error}")
    features = build(raw)
    args.features.mkdir(parents=True, exist_ok=True)
    features.to_parquet(args.features / "features.parquet", index=False)

    print(f"flights           {len(raw.flights):>9,}")
    print(f"arrived, prepared {len(features):>9,}")
    print(f"mean delay        {features[TARGET].mean():>9.2f} minutes")
    for column, share in features.isna().mean().loc[lambda shares: shares > 0].items():
        print(f"empty {column:<22} {share:>6.1%}")


if __name__ == "__main__":
    main()
