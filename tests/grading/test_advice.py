"""What a hint says of the server remains for its author; what could be changed in the profile goes."""

from __future__ import annotations

import pytest

from chatsim.grading.advice import for_its_author


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        (
            "Try: if that is meant, write `echo: yes` in the profile; if not, leave out the sender when you send to all.",
            "Try: leave out the sender when you send to all.",
        ),
        (
            "Try: read on until the message has ended, and only then pass it on. If the server is to take no longer "
            "messages, write `limits: {text: …}` in the profile.",
            "Try: read on until the message has ended, and only then pass it on.",
        ),
        (
            "Try: send a line about it to all who are left, in the form of `notices: {left: …}` in the profile. If nobody is "
            "to be told, write `notices: {left: no}` there.",
            "Try: send a line about it to all who are left, in the form of `notices: {left: …}` in the profile.",
        ),
        ("If the server tells nobody on purpose, write `notices: {left: no}` into the profile.", ""),
        (
            "Try: write `except Exception:` instead of `except:`.",
            "Try: write `except Exception:` instead of `except:`.",
        ),
        (
            "Probably: the server tells of it, in words that the profile does not know.\nTry: let `notices: {left: …}` in the "
            "profile read as the server writes it, with {nick} for the name.",
            "Probably: the server tells of it, in words that the profile does not know.",
        ),
        ("", ""),
    ],
)
def test_only_what_a_server_can_do_is_advised(hint: str, told: str) -> None:
    assert for_its_author(hint) == told
    assert for_its_author(told) == told
