"""AKS, the Azure ML extension on it, and how its end points are reached."""
