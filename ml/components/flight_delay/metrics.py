"""How far predictions are from what happened."""

from __future__ import annotations

import numpy as np
import pandas as pd


def errors(actual: pd.Series[float], predicted: pd.Series[float]) -> dict[str, float]:
    """MAE and RMSE in minutes, and R2 (1: perfect, 0: as good as the mean of what is judged)."""
    residual = (actual - predicted).to_numpy(dtype="float64")
    spread = float(((actual - actual.mean()) ** 2).sum())
    return {
        "mae": float(np.abs(residual).mean()),
        "rmse": float(np.sqrt((residual**2).mean())),
        "r2": 1 - float((residual**2).sum()) / spread if spread else float("nan"),
    }


def by_month(table: pd.DataFrame) -> pd.DataFrame:
    """MAE of `model` and `baseline` against `actual` for each month of the table."""
    gaps = {name: (table[name] - table["actual"]).abs() for name in ("model", "baseline")}
    return pd.DataFrame(gaps).groupby(table["month"]).mean()
