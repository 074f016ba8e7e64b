"""MLflow's REST API 2.0 over the workspace's runs and models."""

from azlocal.machinelearning.mlflow.routes import ROUTES, error_body

__all__ = ["ROUTES", "error_body"]
