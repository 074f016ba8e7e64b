"""Step 2: learn from the earlier months, and write an MLflow model that needs no scoring code.

The model is a scikit-learn pipeline over the columns of `columns.FEATURES` as they are: it encodes the
categories itself, so a scoring request is a table that a person can read.
"""

from __future__ import annotations

import argparse
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from . import threads  # noqa: F401  # isort: skip  # before lightgbm
import lightgbm
import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from .columns import CATEGORIES, FEATURES, NAMES, NUMBERS, TARGET
from .metrics import errors
from .split import by_month

SEEN = 20_000  # training flights that the training's own error is taken from

# Median regression: the delays have a long tail, and the figure that counts is the usual error in minutes.
PARAMETERS: dict[str, Any] = {
    "objective": "regression_l1",
    "learning_rate": 0.07,
    "min_child_samples": 200,
    "colsample_bytree": 0.7,
    "max_bin": 127,
    "random_state": 2013,
    "deterministic": True,
    "force_col_wise": True,
    "verbose": -1,
}


def pipeline(parameters: dict[str, Any]) -> Pipeline:
    """Encoder and trees; a category not seen in training counts as missing."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [("categories", encoder, CATEGORIES), ("numbers", "passthrough", NUMBERS)],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    trees = lightgbm.LGBMRegressor(**parameters)
    return Pipeline([("columns", columns), ("trees", trees)])


def signature() -> ModelSignature:
    """What the model takes: every column of the features by name, where a number may be empty, and what it gives.

    Declared and not inferred: looking at each value of 245,000 rows takes as long as the training.
    """
    kinds = {"category": "string", "number": "double"}
    inputs = [ColSpec(kinds[feature.kind], feature.name) for feature in FEATURES]
    return ModelSignature(Schema(inputs), Schema([ColSpec("double")]))


def conda_environment() -> dict[str, Any]:
    """What the model needs to be loaded: this very environment, pinned.

    Without hashes: Azure adds its inference packages to the same pip call, and one hash would ask for all.
    """
    pins = sorted({f"{dist.name.lower()}=={dist.version}" for dist in distributions() if dist.name})
    apart = ("pip==", "setuptools==", "wheel==", "uv==")
    packages = [pin for pin in pins if not pin.startswith(apart)]
    return {
        "name": "model",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "pip", {"pip": packages}],
    }


def main() -> None:
    """Train, log to the job's MLflow run, write the model to the folder given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True, help="folder with features.parquet")
    parser.add_argument("--first-test-month", type=int, required=True, help="months before it are learnt from")
    parser.add_argument("--trees", type=int, default=200)
    parser.add_argument("--leaves", type=int, default=31)
    parser.add_argument("--model", type=Path, required=True, help="folder to write the MLflow model to")
    args = parser.parse_args()

    train, _ = by_month(pd.read_parquet(args.features / "features.parquet"), args.first_test_month)
    parameters = PARAMETERS | {"n_estimators": args.trees, "num_leaves": args.leaves}
    with mlflow.start_run():
        mlflow.log_params(parameters | {"first_test_month": args.first_test_month, "rows": len(train)})
        started = time.perf_counter()
        model = pipeline(parameters)
        model.fit(train[NAMES], train[TARGET], trees__categorical_feature=CATEGORIES)
        seconds = time.perf_counter() - started
        seen = train.sample(min(SEEN, len(train)), random_state=2013)
        fitted = pd.Series(model.predict(seen[NAMES]), index=seen.index)
        scores = {f"train_{name}": value for name, value in errors(seen[TARGET], fitted).items()}
        mlflow.log_metrics(scores | {"train_seconds": seconds})
        mlflow.sklearn.save_model(
            model,
            args.model,
            conda_env=conda_environment(),
            signature=signature(),
            input_example=train[NAMES].head(5).reset_index(drop=True),
        )
    print(f"{len(train):,} flights, {args.trees} trees in {seconds:.1f} s, {scores}")


if __name__ == "__main__":
    main()
