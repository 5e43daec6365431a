"""What a traceback tells of its cause, and what it does not."""

from __future__ import annotations

import pytest

from tests.checks.story import Story
from tests.diagnosis.judged import explained, prints

IN_THREAD = "Exception in thread Thread-3 (handle):\nTraceback (most recent call last):\n"
LIBRARY = '  File "/usr/lib/python3.12/threading.py", line 1073, in _bootstrap_inner\n    self.run()\n'


def crash(line: str, error: str) -> str:
    return f'{IN_THREAD}{LIBRARY}  File "/home/mia/server.py", line 31, in handle\n    {line}\n{error}\n'


RESET = crash("data = conn.recv(1024)", "ConnectionResetError: [Errno 104] Connection reset by peer")
BROKEN_PIPE = crash("client.sendall(text)", "BrokenPipeError: [Errno 32] Broken pipe")
CHANGED = crash("for client in clients:", "RuntimeError: dictionary changed size during iteration")
HALF = crash(
    "text = data.decode()",
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xd0 in position 9: unexpected end of data",
)
NO_TEXT = crash(
    "text = data.decode()", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
)


def of_a_drop(text: str, how: str = "reset") -> Story:
    """ann and bob are there, bob is cut off, and the server prints this; ann waits in vain for the news."""
    story = Story()
    story.join("ann", "bob")
    story.settled()
    story.drop("bob", how)
    prints(story, text, crash=True)
    story.waited(("notice", "ann", "dropped bob"), purpose="drop")
    story.settled("patience")
    return story


def test_a_reset_that_nobody_catches_skips_the_tidying_up() -> None:
    verdicts = explained(of_a_drop(RESET))

    crashed, missed = verdicts["no-crash-output"], verdicts["drop-notice"]
    assert missed.hint.startswith("Surely: when a connection breaks, reading from it raises ConnectionResetError")
    assert "`finally`" in missed.hint
    assert missed.hint.endswith("Look at: server.py:31, in handle: data = conn.recv(1024)")
    assert (missed.hint_sure, missed.hint_where) == ("surely", "server.py:31, in handle")
    assert crashed.hint == "The cause is likely the same as for drop-notice: see there."


def test_a_reset_after_which_all_was_tidied_up_needs_but_be_caught() -> None:
    story = Story()
    story.join("ann", "bob")
    story.settled()
    story.drop("bob")
    prints(story, RESET, crash=True)
    story.notice("ann", "left", "bob")
    story.settled()

    verdict = explained(story)["no-crash-output"]
    assert "finally" not in verdict.hint
    assert "treat it as that client leaving" in verdict.hint


def test_sending_to_the_dead_is_another_mistake_than_reading_from_them() -> None:
    verdict = explained(of_a_drop(BROKEN_PIPE))["no-crash-output"]

    assert verdict.hint.startswith("Surely: sending to a client that has gone raises BrokenPipeError")
    assert "each single client" in verdict.hint


def test_a_dictionary_that_changed_under_a_loop_is_told_by_python() -> None:
    verdict = explained(of_a_drop(CHANGED))["no-crash-output"]

    assert verdict.hint.startswith("Surely: a loop goes through the clients while another place adds or removes one.")
    assert "list(clients)" in verdict.hint
    assert verdict.hint_where == "server.py:31, in handle"


def test_removing_twice_is_told_only_after_somebody_went() -> None:
    twice = crash("clients.remove(conn)", "ValueError: list.remove(x): x not in list")
    early = Story()
    early.join("ann", "bob")
    prints(early, twice, crash=True)

    assert "not there any more" in explained(of_a_drop(twice))["no-crash-output"].hint
    assert "nothing catches ValueError" in explained(early)["no-crash-output"].hint


@pytest.mark.parametrize(("text", "cause"), [(HALF, "came in two reads"), (NO_TEXT, "no text in this encoding")])
def test_half_a_character_is_told_from_no_character_at_all(text: str, cause: str) -> None:
    verdict = explained(of_a_drop(text))["no-crash-output"]

    assert cause in verdict.hint
    assert verdict.hint_sure == "surely"


def test_an_exception_that_no_rule_knows_is_named_with_its_line() -> None:
    verdict = explained(of_a_drop(crash("name = words[1]", "IndexError: list index out of range")))["no-crash-output"]

    assert verdict.hint == (
        "Surely: nothing catches IndexError: list index out of range.\n"
        "Try: mend that line; and let `finally` tidy up for a client, whatever ends its thread.\n"
        "Look at: server.py:31, in handle: name = words[1]"
    )


def test_what_failed_before_the_crash_does_not_come_from_it() -> None:
    story = Story()
    story.join("ann", "bob")
    story.say("ann", "hello")
    story.waited(("heard", "bob", "hello"))
    story.settled("patience")
    prints(story, RESET, crash=True)

    verdicts = explained(story)
    assert verdicts["delivery"].hint_sure == ""
    assert verdicts["no-crash-output"].hint_sure == "surely"


def test_a_crash_after_our_own_signal_explains_nothing() -> None:
    story = Story()
    story.join("ann", "bob")
    story.server("stopping")
    prints(story, RESET, crash=True)

    assert explained(story)["no-crash-output"].hint == ""


def test_a_thread_is_not_spoken_of_where_a_traceback_shows_none() -> None:
    main = RESET.removeprefix("Exception in thread Thread-3 (handle):\n").replace("handle", "<module>")

    assert "thread" not in explained(of_a_drop(main))["no-crash-output"].hint
