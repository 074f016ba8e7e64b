"""The policy pack: what a security reviewer asks of the architecture, as functions over ARM bodies.

``evaluate`` is all that a tool which loads this folder needs. Modules here import each other relatively and
otherwise the standard library alone, so that the folder also works when it is loaded by its path; ``crossguard``
alone, which nothing here imports, has Pulumi's packages.
"""

from .evaluation import evaluate

__all__ = ["evaluate"]
