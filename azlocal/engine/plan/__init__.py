"""A plan: what a program would make on an empty Azure, and what Azure would refuse.

``runner`` runs the program, ``problems`` says of each refusal where it lies and how to mend it (``catalogue``).
"""

from azlocal.engine.plan.model import Plan
from azlocal.engine.plan.runner import plan, plan_all

__all__ = ["Plan", "plan", "plan_all"]
