"""The architecture of a plan as a picture: a standalone SVG, laid out without any other program."""

from azlocal.engine.views.graph.draw import draw

__all__ = ["draw"]
