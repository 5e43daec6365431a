"""Composes what bots say, so that every message can be recognised whatever the server does to it.

A marker (profile.markers) goes into every text, except into an author's words that cannot be mistaken for anything
else. All draws come from the run's seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatsim.engine.corpus import HARD, PLAIN
from chatsim.profile import markers

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Composed", "Composer"]

SHORTEST_UNMARKED = 8  # characters; "hi" stands in too many banners to be anybody's message
SHOWN_OF = 400  # characters at the front of a long text, among which are the few that are told
MIXED_LOCALES = ("ja_JP", "zh_CN", "ko_KR", "ar_AA", "he_IL", "ru_RU", "hi_IN", "th_TH", "el_GR", "de_DE")


@dataclass(frozen=True, slots=True)
class Composed:
    """`text` is what is sent; `words` what a person would call it; `marker` its number, or None if it stands unmarked."""

    text: str
    words: str
    marker: int | None


class Composer:
    """Draws and marks texts for one run. Deterministic for a seed and a sequence of calls."""

    def __init__(
        self, seed: int, *, encoding: str = "utf-8", unmarked: Iterable[str] = (), ascii_only: bool = False
    ) -> None:
        self._random = random.Random(f"texts {seed}")
        self._seed = seed
        self._encoding = encoding
        self._unmarked = frozenset(unmarked)  # author's words that are unique in this run
        self._ascii_only = ascii_only
        self._next = 0
        self._offset = self._random.randrange(17**5)
        self._fakers: dict[str, Any] = {}

    def authored(self, words: str) -> Composed:
        """The author's own words; a marker is put behind them unless they are unmistakable."""
        if words in self._unmarked:
            return Composed(words, words, None)
        number = self._number()
        return Composed(f"{words} {markers.head(number)}", words, number)

    def drawn(self, *, locale: str | None = None, size: int | None = None) -> Composed:
        """A text from the seed: head marker within, tail marker at its end; of exactly `size` encoded bytes if given."""
        number = self._number()
        words = self._words(locale)
        head, tail = markers.head(number), markers.tail(number)
        first, _, others = words.partition(" ")
        text = f"{first} {head} {others} {tail}" if others else f"{head} {first} {tail}"
        if size is not None:
            text = self._fitted(text, head, tail, size)
            there = " ".join(text[:SHOWN_OF].replace(head, "").replace(tail, "").split())
            words = f"{there[:40]}… ({size} bytes)"
        return Composed(text, words, number)

    def short(self) -> Composed:
        """The shortest text that can be recognised: for knocks and fences."""
        number = self._number()
        return Composed(markers.head(number), markers.head(number), number)

    def between(self, low: float, high: float) -> float:
        """A length of time, in seconds."""
        return low if low == high else self._random.uniform(low, high)

    def name(self) -> str:
        """A nickname for a bot of chatsim's own: short, and like nobody else's."""
        return "v" + "".join(self._random.choice(markers.LETTERS) for _ in range(6))

    def _number(self) -> int:
        # Starting somewhere else for each seed keeps a replay of yesterday's texts from being taken for today's.
        number = (self._offset + self._next * 8191) % 17**5  # 8191 is prime: the walk meets every number once
        self._next += 1
        return number

    def _words(self, locale: str | None) -> str:
        if locale is None or self._ascii_only:
            return " ".join(self._random.sample(PLAIN, 4))
        if locale == "mixed":
            locale = self._random.choice(MIXED_LOCALES)
        if self._random.random() < 0.34:
            return self._carried(self._random.choice(HARD))
        return self._carried(" ".join(self._faker(locale).sentence(5).split()))

    def _carried(self, words: str) -> str:
        """The words, if the profile's encoding can carry them; plain ones otherwise."""
        try:
            words.encode(self._encoding)
        except UnicodeEncodeError:
            return " ".join(self._random.sample(PLAIN, 4))
        return words

    def _faker(self, locale: str) -> Any:
        if locale not in self._fakers:
            from faker import Faker  # 90 ms: only for those who asked for a language

            faker = Faker(locale)
            faker.seed_instance(f"{self._seed} {locale}")
            self._fakers[locale] = faker
        return self._fakers[locale]

    def _fitted(self, text: str, head: str, tail: str, size: int) -> str:
        """The text, filled up or cut down to `size` bytes as encoded, its markers kept."""
        shortest = f"{head} {tail}"
        have = len(text.encode(self._encoding))
        if have > size:
            text, have = shortest, len(shortest.encode(self._encoding))
        unit = len("mm".encode(self._encoding)) - len("m".encode(self._encoding))  # some begin with a byte order mark
        if have > size:  # no room for both: the head, and letters behind it that are none of it
            return head + "b" * max(0, (size - len(head.encode(self._encoding))) // unit)
        if have == size:
            return text
        body = text[: -len(tail)]
        lacking = (size - have) // unit
        filler = "".join(word + " " for word in self._random.choices(PLAIN, k=min(lacking // 5 + 1, 200)))
        repeated = (filler * (lacking // len(filler) + 1))[:lacking]
        if repeated.endswith(" "):
            repeated = repeated[:-1] + "m"  # a blank before the tail stands already; two would be one too many for some
        return f"{body}{repeated[::-1] if repeated.startswith(' ') else repeated}"[: len(body) + lacking] + tail
