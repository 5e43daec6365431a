"""The ear at the server's console: what a line that it printed says."""

from __future__ import annotations

from chatsim.profile.forms import Found
from chatsim.profile.forms import Rule as _Rule
from chatsim.profile.masking import mask, scan
from chatsim.profile.profile import Profile
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import ANSI, Vocabulary

__all__ = ["OutputEar"]


class OutputEar:
    """Lines in, what they say out. Without memory: a text that was printed on two lines is not put together."""

    def __init__(self, vocabulary: Vocabulary, profile: Profile) -> None:
        self._vocabulary = vocabulary
        self._rules = [
            *self._made("said", profile.output_said),
            *self._made("joined", profile.output_joined),
            *self._made("left", profile.output_left),
        ]

    def _made(self, what: str, templates: tuple[Template, ...]) -> list[_Rule]:
        return [_Rule("output", template, 0, what=what) for template in templates]

    def hear(self, line: str) -> tuple[str | None, str | None, tuple[int, ...]]:
        """(said | joined | left or None, the nickname it names or None, the messages whose whole text it shows).

        A message is recognised by its text whether or not the line is in a known form.
        """
        line = ANSI.sub("", line)[:4_000_000]
        spots = scan(self._vocabulary, line, growing=False, pieces={})
        masked = mask(line, spots).text
        messages = tuple(spot.said.message for spot in spots if spot.how == "")
        forms = self._vocabulary.forms
        best: Found | None = None
        for rule in self._rules:
            if rule.needs_text and not spots:
                continue
            found = forms.search(rule, masked, 0)
            if found is not None and (best is None or found.start < best.start):
                best = found
        if best is not None:
            return best.rule.what, best.bindings.get("nick"), messages
        return (*self._nameless(masked, bool(spots)), messages)

    def _nameless(self, masked: str, holds_message: bool) -> tuple[str | None, str | None]:
        """In the form of something, but under no name of this run (or none is known yet)."""
        for rule in self._rules:
            if rule.needs_text and not holds_message:
                continue
            if self._vocabulary.forms.wordy(rule).search(masked) is not None:
                return rule.what, None
        return None, None
