"""Pipelines: nodes that run as soon as what they need is there."""
