"""A scenario as a value: the cast, what is demanded, and the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsim.errors import Place
from chatsim.scenario.steps import Step

__all__ = ["Bot", "Scenario"]


@dataclass(frozen=True, slots=True)
class Bot:
    """One of the cast. `nick` null: drawn with Faker in `locale` (bots: a number) or, with `named`, its own name."""

    name: str
    nick: str | None = None
    locale: str | None = None
    group: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `nick: null` bots of `bots: 3` have `drawn_names`: their nicknames are Faker's."""

    name: str  # the claim it tests
    file: str
    digest: str  # SHA-256 of the text
    bots: tuple[Bot, ...]
    groups: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    drawn_names: bool = False
    seed: int | None = None
    promises: Mapping[str, bool] = field(default_factory=dict)
    check: tuple[str, ...] = ("everything",)
    check_places: Mapping[str, Place] = field(default_factory=dict)
    place: Place | None = None
