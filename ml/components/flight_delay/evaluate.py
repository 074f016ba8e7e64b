"""Step 3: judge the model on months it has not seen, against the naive rule, in figures and pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import threads  # noqa: F401  # isort: skip  # before lightgbm, which the model loads
import mlflow
import pandas as pd

from . import plots
from .columns import KEYS, NAMES, TARGET
from .metrics import by_month as error_by_month
from .metrics import errors
from .split import Baseline, by_month

SAMPLE = 400  # held-out flights kept with the report, to try the endpoint with
LEARNT = 3000  # flights of each month learnt from, for the picture: the figures need none of them


def main() -> None:
    """Write metrics.json, the pictures and a sample of held-out flights; log all to the job's MLflow run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="folder with features.parquet")
    parser.add_argument("--model", type=Path, required=True, help="folder of the MLflow model")
    parser.add_argument("--first-test-month", type=int, required=True, help="months from it on are judged")
    parser.add_argument("--report", type=Path, required=True, help="folder to write to")
    args = parser.parse_args()

    features = pd.read_parquet(args.features / "features.parquet")
    train, test = by_month(features, args.first_test_month)
    model = mlflow.sklearn.load_model(str(args.model))
    learnt = train.groupby("month").sample(LEARNT, replace=True, random_state=2013)
    rows = pd.concat([learnt, test])
    judged = rows[["month"]].assign(
        actual=rows[TARGET], model=model.predict(rows[NAMES]), baseline=Baseline(train).predict(rows)
    )
    held_out = judged.iloc[len(learnt) :]
    metrics = {
        "rows_train": len(train),
        "rows_test": len(test),
        "first_test_month": args.first_test_month,
        **{f"model_{k}": v for k, v in errors(held_out["actual"], held_out["model"]).items()},
        **{f"baseline_{k}": v for k, v in errors(held_out["actual"], held_out["baseline"]).items()},
    }
    monthly = error_by_month(judged)
    importance = pd.Series(
        model["trees"].booster_.feature_importance("gain"), index=model["trees"].booster_.feature_name()
    )
    args.report.mkdir(parents=True, exist_ok=True)
    (args.report / "metrics.json").write_text(json.dumps(metrics, indent=2))
    monthly.to_csv(args.report / "error_by_month.csv")
    chosen = test.sample(min(SAMPLE, len(test)), random_state=2013)  # in random order: its head is a sample too
    sample = chosen[[*KEYS, *NAMES]].assign(actual=chosen[TARGET], model=held_out["model"])
    sample.to_csv(args.report / "sample.csv", index=False)
    pictures = {
        "predicted_vs_actual": plots.predicted_vs_actual(held_out),
        "error_by_month": plots.error_by_month(monthly, args.first_test_month),
        "feature_importance": plots.feature_importance(importance),
        "residuals": plots.residuals(held_out),
    }
    for name, drawn in pictures.items():
        drawn.savefig(args.report / f"{name}.png")

    with mlflow.start_run():
        mlflow.log_metrics({name: float(value) for name, value in metrics.items()})
        mlflow.log_artifacts(str(args.report), "report")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
