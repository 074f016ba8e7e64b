"""Shapes of a standalone SVG, in one style sheet for light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_WIDE = 0.56  # of the font size: the mean width of a letter in the sans-serif fonts named below
_SIZES = {"title": 24, "head": 15, "name": 14, "fact": 12.5}

_LIGHT = """
  text{font-family:'Segoe UI','DejaVu Sans',Helvetica,Arial,sans-serif;fill:#1b2733}
  .title{font-size:24px;font-weight:600} .head{font-size:15px;font-weight:600} .name{font-size:14px;font-weight:600}
  .fact{font-size:12.5px;fill:#4a5a69}
  .page{fill:#ffffff} .group{fill:#f7f9fb;stroke:#9fb0c0} .vnet{fill:#eaf3fc;stroke:#2f7fd1}
  .subnet{fill:#ffffff;stroke:#7fb2e5;stroke-dasharray:5 3} .card{fill:#ffffff;stroke:#b9c5d0}
  .node{fill:#dcecfb;stroke:#7fb2e5} .who{fill:#fbf6e9;stroke:#cdb878}
  .link{fill:none;stroke:#2f7fd1;stroke-width:1.6} .dot{fill:#2f7fd1}
  .role{fill:none;stroke:#b39b52;stroke-width:1;opacity:.55} .peer{fill:none;stroke:#2f7fd1;stroke-width:2.5}
  .serving{fill:#2f7fd1} .learning{fill:#7a4fd0} .data{fill:#1d8a6b} .trust{fill:#c2711c} .watch{fill:#c0406f}
"""
_DARK = """
  text{fill:#e8eef4} .fact{fill:#a9b8c6} .page{fill:#10161d} .group{fill:#161f29;stroke:#4d6175}
  .vnet{fill:#12283f;stroke:#4b9bee} .subnet{fill:#16202b;stroke:#3f76ad} .card{fill:#1d2833;stroke:#47596a}
  .node{fill:#1b3a5a;stroke:#3f76ad} .who{fill:#2b2717;stroke:#8d7b42} .link{stroke:#5aa9f5} .dot{fill:#5aa9f5}
  .role{stroke:#cdb878} .peer{stroke:#5aa9f5}
"""


def width_of(words: str, style: str) -> float:
    """How wide a text is, as far as that can be said without its font."""
    bold = 1.06 if style != "fact" else 1.0
    return len(words) * _SIZES[style] * _WIDE * bold


def fit(words: str, style: str, room: float) -> str:
    """The text, shortened in its middle where it is wider than its room: ends of names tell them apart."""
    if width_of(words, style) <= room:
        return words
    keep = max(int(len(words) * room / width_of(words, style)) - 1, 4)
    return f"{words[: keep - keep // 2]}…{words[-(keep // 2) :]}"


def text(x: float, y: float, words: str, style: str, *, room: float = 0, anchor: str = "start") -> str:
    """A line of text; with ``room`` it never gets wider, and its whole is its tooltip."""
    shown = fit(words, style, room) if room else words
    whole = f"<title>{escape(words)}</title>" if shown != words else ""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}"{at}>{escape(shown)}{whole}</text>'


def box(x: float, y: float, width: float, height: float, style: str, *, radius: float = 6) -> str:
    """A rectangle."""
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect class="{style}" {place} rx="{_n(radius)}"/>'


def dot(x: float, y: float, style: str = "dot", radius: float = 5) -> str:
    """A filled circle."""
    return f'<circle class="{style}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'


def curve(start: tuple[float, float], end: tuple[float, float], style: str, words: str) -> str:
    """A line from left to right that leaves and arrives level; the words are its tooltip."""
    (x1, y1), (x2, y2) = start, end
    bend = (x2 - x1) * 0.5
    path = f"M{_n(x1)} {_n(y1)}C{_n(x1 + bend)} {_n(y1)} {_n(x2 - bend)} {_n(y2)} {_n(x2)} {_n(y2)}"
    return f'<path class="{style}" d="{path}"><title>{escape(words)}</title></path>'


def document(width: float, height: float, title: str, about: str, parts: Iterable[str]) -> str:
    """The whole file: its title and description are what a screen reader says."""
    dark = f"@media (prefers-color-scheme: dark){{{_DARK}}}"
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title about">'
    names = f'<title id="title">{escape(title)}</title>\n<desc id="about">{escape(about)}</desc>'
    page = box(0, 0, width, height, "page", radius=0)
    return "\n".join([head, names, f"<style>{_LIGHT}{dark}</style>", page, *parts, "</svg>", ""])


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
