"""What no single request tells: how the resources of a plan stand to each other.

``order`` finds what the program does not wait for although Azure needs it, ``names`` private endpoints that nobody
would find by name, ``extension`` what an Azure ML extension lacks. What failed or was not tried is not judged: it has
been told already.
"""

from __future__ import annotations

from azlocal.engine.plan.review import extension, names, order
from azlocal.engine.plan.review.base import Json, Planned

__all__ = ["Planned", "review"]


def review(planned: Planned) -> list[Json]:
    """All problems of this kind."""
    found = [*order.problems(planned), *names.problems(planned), *extension.problems(planned)]
    return [problem.as_json() for problem in found]
