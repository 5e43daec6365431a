"""The word that somebody meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question with the nearest of the known words; without one, what to say instead."""
    from difflib import get_close_matches

    words = list(known)
    near = get_close_matches(word, words, n=1) or [other for other in words if word and word in other]
    return f'Did you mean "{near[0]}"?' if near else otherwise
