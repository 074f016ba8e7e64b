"""Earlier months to learn from, later months to be judged on; and the naive rule that a model has to beat."""

from __future__ import annotations

import pandas as pd

from .columns import TARGET


def by_month(features: pd.DataFrame, first_test_month: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training rows (before that month) and held-out rows (from it on); a ValueError if one of them is empty."""
    later = features["month"] >= first_test_month
    if not later.any() or later.all():
        months = ", ".join(str(month) for month in sorted(features["month"].unique()))
        raise ValueError(f"month {first_test_month} does not split the data: it has months {months}")
    return features[~later], features[later]


class Baseline:
    """The usual delay of an airline at that hour: what one would guess from a table, without a model."""

    def __init__(self, train: pd.DataFrame) -> None:
        self._overall = float(train[TARGET].median())
        self._usual = train.groupby(self._cell(train))[TARGET].median()

    @staticmethod
    def _cell(rows: pd.DataFrame) -> pd.Series[str]:
        return rows["carrier"].astype(str) + " " + (rows["departure_minute"] // 60).astype("int64").astype(str)

    def predict(self, rows: pd.DataFrame) -> pd.Series[float]:
        """Median arrival delay in minutes of carrier and hour; of all training flights where that pair is new."""
        return self._cell(rows).map(self._usual).fillna(self._overall)
