"""`-k`: which scenarios, by words of their names and files joined with `and`, `or`, `not` and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable

from chatsim.errors import UsageError

__all__ = ["Selection", "selection"]

Selection = Callable[[str], bool]

_TOKEN = re.compile(r"\s*([()]|\"[^\"]*\"|'[^']*'|[^\s()]+)")
_OPERATORS = ("and", "or", "not", "(", ")")


def selection(expression: str) -> Selection:
    """A test of a text. Words side by side are one phrase; letters' case does not matter.

    Raises UsageError for an expression that says nothing sensible.
    """
    tokens = _TOKEN.findall(expression)
    if not tokens:
        raise _wrong(expression, "it is empty")
    test, rest = _either(tokens, expression)
    if rest:
        raise _wrong(expression, f'"{rest[0]}" stands where it makes no sense')
    return test


def _either(tokens: list[str], whole: str) -> tuple[Selection, list[str]]:
    test, rest = _both(tokens, whole)
    while rest[:1] == ["or"]:
        left, (right, rest) = test, _both(rest[1:], whole)
        test = _or(left, right)
    return test, rest


def _both(tokens: list[str], whole: str) -> tuple[Selection, list[str]]:
    test, rest = _one(tokens, whole)
    while rest[:1] == ["and"]:
        left, (right, rest) = test, _one(rest[1:], whole)
        test = _and(left, right)
    return test, rest


def _one(tokens: list[str], whole: str) -> tuple[Selection, list[str]]:
    if not tokens:
        raise _wrong(whole, "something is missing at its end")
    first, rest = tokens[0], tokens[1:]
    if first == "not":
        test, rest = _one(rest, whole)
        return (lambda text: not test(text)), rest
    if first == "(":
        test, rest = _either(rest, whole)
        if rest[:1] != [")"]:
            raise _wrong(whole, "a parenthesis is not closed")
        return test, rest[1:]
    if first in _OPERATORS:
        raise _wrong(whole, f'"{first}" stands where it makes no sense')
    words = []
    while tokens and tokens[0] not in _OPERATORS:
        words.append(tokens[0].strip("\"'"))
        tokens = tokens[1:]
    phrase = " ".join(words).casefold()
    return (lambda text: phrase in text.casefold()), tokens


def _or(left: Selection, right: Selection) -> Selection:
    return lambda text: left(text) or right(text)


def _and(left: Selection, right: Selection) -> Selection:
    return lambda text: left(text) and right(text)


def _wrong(expression: str, why: str) -> UsageError:
    return UsageError(
        f'-k "{expression}": {why}.',
        hint='Write words of the scenario\'s name or file, joined with "and", "or", "not": -k "drop and not reset"',
    )
