"""The architecture of a plan as a picture: a standalone SVG, or Mermaid for a comment; no other program lays it out."""

from azlocal.engine.views.graph.draw import draw
from azlocal.engine.views.graph.mermaid import mermaid

__all__ = ["draw", "mermaid"]
