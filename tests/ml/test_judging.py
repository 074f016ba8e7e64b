"""Split, baseline, metrics and pictures."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ml.commands import require_better
from ml.components.flight_delay import metrics, plots
from ml.components.flight_delay.split import Baseline, by_month
from ml.errors import MlError


def test_split_is_by_time_and_loses_nothing() -> None:
    table = pd.DataFrame({"month": [1, 9, 10, 12]})
    train, test = by_month(table, 10)
    assert (train["month"].tolist(), test["month"].tolist()) == ([1, 9], [10, 12])


@pytest.mark.parametrize("month", [1, 12])
def test_a_month_that_leaves_one_side_empty_is_refused(month: int) -> None:
    with pytest.raises(ValueError, match=f"month {month} does not split the data: it has months 2, 3"):
        by_month(pd.DataFrame({"month": [2, 3]}), month)


def test_baseline_is_the_median_of_carrier_and_hour_learnt_from_training_alone() -> None:
    train = pd.DataFrame(
        {"carrier": ["AA"] * 3 + ["UA"], "departure_minute": [360, 400, 419, 360], "arr_delay": [1.0, 2.0, 30.0, 8.0]}
    )
    asked = pd.DataFrame({"carrier": ["AA", "UA", "AA"], "departure_minute": [365.0, 361.0, 900.0]}, index=[7, 8, 9])
    assert Baseline(train).predict(asked).to_dict() == {7: 2.0, 8: 8.0, 9: 5.0}


@pytest.mark.parametrize("mae", [20.0, 20.1, float("nan")])
def test_a_model_that_is_no_better_than_the_baseline_is_refused(mae: float) -> None:
    with pytest.raises(MlError, match=r"the model is no better than the baseline \((20|nan).*20\.00 minutes"):
        require_better({"model_mae": mae, "baseline_mae": 20.0})
    require_better({"model_mae": 19.9, "baseline_mae": 20.0})


def test_errors_by_hand() -> None:
    found = metrics.errors(pd.Series([0.0, 10.0]), pd.Series([3.0, 6.0]))
    assert found == {"mae": 3.5, "rmse": pytest.approx(12.5**0.5), "r2": pytest.approx(0.5)}
    assert np.isnan(metrics.errors(pd.Series([1.0]), pd.Series([1.0]))["r2"])


@pytest.fixture
def judged() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"month": np.repeat(range(1, 13), 20), "actual": rng.normal(5, 40, 240)})
    return table.assign(model=table["actual"] * 0.3, baseline=-3.0, predicted=table["actual"] * 0.3)


def test_error_by_month_is_each_months_mean(judged: pd.DataFrame) -> None:
    monthly = metrics.by_month(judged)
    first = judged[judged["month"] == 1]
    assert monthly.index.tolist() == list(range(1, 13))
    assert monthly["model"][1] == pytest.approx((first["model"] - first["actual"]).abs().mean())


def test_each_picture_can_be_drawn(judged: pd.DataFrame) -> None:
    importance = pd.Series({f"feature_{number}": float(number) for number in range(20)})
    drawn: list[Figure] = [
        plots.predicted_vs_actual(judged),
        plots.error_by_month(metrics.by_month(judged), 10),
        plots.feature_importance(importance),
        plots.residuals(judged),
        plots.scored(judged),
    ]
    for figure in drawn:
        target = io.BytesIO()
        figure.savefig(target, format="png")
        assert target.getvalue().startswith(b"\x89PNG")
        assert figure.axes[0].get_title("left")
    assert len(drawn[2].axes[0].patches) == 15
