"""Words in messages and pages: one of a collection, the article before a noun, a number of things, a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SAME = frozenset({"data", "access", "status"})  # collections whose one thing has the same name
_BY_SOUND = ("hour", "honest")  # an, though they begin with a consonant
_LIKE_YOU = ("uni", "use", "user", "uri", "url")  # a, though they begin with a vowel


def singular(collection: str) -> str:
    """``environments`` → ``environment``, ``networkAddresses`` → ``networkAddress``, ``policies`` → ``policy``."""
    if collection.lower() in _SAME or not collection.endswith("s") or collection.endswith("ss"):
        return collection
    if collection.endswith("ies"):
        return f"{collection[:-3]}y"
    return collection[:-2] if collection.endswith(("sses", "xes", "ches", "shes")) else collection[:-1]


def with_article(noun: str) -> str:
    """``a blob``, ``an account``."""
    word = noun.lower()
    vowel = word.startswith(_BY_SOUND) or (word.startswith(tuple("aeiou")) and not word.startswith(_LIKE_YOU))
    return f"{'an' if vowel else 'a'} {noun}"


def counted(number: int, noun: str) -> str:
    """``1 resource``, ``2 resources``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def markdown_table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a Markdown table whose cells can break neither it nor the page."""
    titles = list(heads)
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(value: object) -> str:
    text = " ".join(str(value if value is not None else "").split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
