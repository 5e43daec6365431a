"""`no-thread-leak`, `no-socket-leak`, `no-memory-leak`: what is kept of those who have gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from story import BROADCAST, Story

from chatsim.checks.leaks import no_memory_leak, no_socket_leak, no_thread_leak
from chatsim.checks.verdict import Evidence, Outcome
from chatsim.history import Header, History

KIB, MIB = 1024, 1024 * 1024
ALL = (no_thread_leak, no_socket_leak, no_memory_leak)

Number = Callable[[int], int | None]


def untold(departed: int) -> None:
    """The platform does not tell."""


def churn(
    departures: int,
    threads: Number = lambda departed: 2,
    fds: Number = lambda departed: 6,
    rss: Number = lambda departed: 9 * MIB,
    story: Story | None = None,
    **changes: Any,
) -> Story:
    """Clients come and go, five at a time; what a cycle has left is worked out from how many have gone."""
    story = story or Story(BROADCAST)
    size = int(changes.pop("size", 5))
    shared: dict[str, Any] = {"place": "churn.yaml:4:5", "how": "reset", "size": size, "look": 1, "samples": 1}
    for number in range(1, departures // size + 1):
        gone = number * size
        seen = {"threads": threads(gone), "children": 0, "fds": fds(gone), "close_wait": 0, "rss": rss(gone)}
        detail = {**shared, **seen, "runtimes": ["python"], "number": number, "departed": gone, **changes}
        story.note("cycle", **{key: value for key, value in detail.items() if value is not None})
    return story


@pytest.mark.parametrize("check", ALL)
def test_without_cycles_nothing_is_put_to_the_test(check) -> None:
    assert check(History()).outcome is Outcome.NOT_EXERCISED
    assert check(churn(10).history).outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize("check", ALL)
def test_a_server_that_we_only_connect_to_cannot_be_looked_into(check) -> None:
    assert check(History(Header(attached=True))).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("check", "missing"),
    [
        (no_thread_leak, {"threads": untold, "children": None}),
        (no_socket_leak, {"fds": untold, "close_wait": None}),
        (no_memory_leak, {"rss": untold}),
    ],
)
def test_what_the_platform_does_not_tell_is_not_judged(check, missing) -> None:
    verdict = check(churn(300, **missing).history)

    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "cannot be observed here" in verdict.summary


@pytest.mark.parametrize("check", [no_thread_leak, no_socket_leak])
def test_a_server_that_keeps_nothing_passes_after_five_cycles_and_it_is_told_at_which_look(check) -> None:
    verdict = check(churn(25, look=3).history)

    assert (verdict.outcome, verdict.exercised, verdict.at) == (Outcome.PASSED, 25, "after speech")


def test_a_passed_verdict_tells_what_was_counted() -> None:
    assert no_thread_leak(churn(25).history).summary == (
        "25 clients came and went. The threads stayed 2. The child processes stayed 0."
    )
    assert no_socket_leak(churn(25, fds=lambda departed: 6 + departed % 2).history).summary == (
        "25 clients came and went. The sockets in CLOSE_WAIT stayed 0. The file descriptors stayed 7."
    )


def test_a_thread_for_each_client_that_has_gone_is_a_leak() -> None:
    story = churn(300, threads=lambda departed: 2 + departed)

    verdict = no_thread_leak(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.summary == (
        "The server keeps one thread for each client that has gone: 7 after 5 departures, 302 after 300, "
        "all by reset, within 0.59 s."
    )
    assert verdict.where == "churn.yaml:4:5"
    assert verdict.witness == (0, 30, 59)
    assert "leave the loop" in verdict.hint
    assert no_socket_leak(story.history).outcome is Outcome.PASSED


def test_child_processes_count_as_well() -> None:
    story = Story()
    for number in range(1, 61):
        detail = {"number": number, "place": "a", "how": "polite", "size": 5, "departed": 5 * number, "look": 0}
        story.note("cycle", **detail, threads=1 + 5 * number, children=5 * number)

    assert no_thread_leak(story.history).summary == (
        "The server keeps one thread for each client that has gone: 6 after 5 departures, 301 after 300, "
        "all politely, within 0.59 s. "
        "So do the child processes."
    )


def test_two_descriptors_for_each_client_are_called_two() -> None:
    verdict = no_socket_leak(churn(300, fds=lambda departed: 6 + 2 * departed).history)

    assert verdict.outcome is Outcome.FAILED
    assert "keeps 2 file descriptors for each" in verdict.summary


def test_a_pool_of_two_hundred_threads_is_none() -> None:
    """Finding 42."""
    verdict = no_thread_leak(churn(400, threads=lambda departed: 2 + min(departed, 200)).history)

    assert verdict.outcome is Outcome.PASSED
    assert "The threads grew to 202, once." in verdict.summary


def test_a_growth_that_was_not_watched_for_long_is_not_judged() -> None:
    verdict = no_thread_leak(churn(25, threads=lambda departed: 2 + departed).history)

    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.summary == (
        "The threads grew from 7 after 5 departures to 27 after 25. A pool that fills looks the same: "
        "it takes 300 departures to tell."
    )


def test_a_server_that_grows_until_it_lets_nobody_in_any_more_has_leaked() -> None:
    story = churn(40, threads=lambda departed: 2 + departed)
    churn_entry = dict(story.history[7].detail, number=9, departed=41, threads=43, refused=4)
    story.note("cycle", **churn_entry)

    verdict = no_thread_leak(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.endswith("In the end it refused to let anybody in.")


def test_joins_that_were_refused_meanwhile_are_told_of() -> None:
    assert "Some joins were refused meanwhile." in no_thread_leak(churn(25, refused=2).history).summary


def test_a_growth_that_is_no_leak_even_after_long_passes_with_a_word_about_it() -> None:
    """It rises in leaps: more cannot be known of it, and our machine has no part in it."""
    verdict = no_thread_leak(churn(600, threads=lambda departed: (departed + 110) // 120 * 120).history)

    assert verdict.outcome is Outcome.PASSED
    assert "grew from 0 to 600, but not with the departures" in verdict.summary


def test_cycles_of_two_kinds_are_judged_apart() -> None:
    story = churn(300, how="polite")
    churn(300, threads=lambda departed: 2 + departed, how="reset", place="churn.yaml:9:5", story=story)

    verdict = no_thread_leak(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "all by reset" in verdict.summary
    assert verdict.where == "churn.yaml:9:5"


def test_a_process_that_was_started_anew_has_leaked_nothing_yet() -> None:
    story = churn(150, threads=lambda departed: 2 + departed)
    story.server("restart")
    churn(150, threads=lambda departed: 2 + departed, story=story)

    assert no_thread_leak(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_declared_pool_is_waited_for() -> None:
    story = churn(400, threads=lambda departed: 2 + departed, story=Story(replace(BROADCAST, limit_pool=400)))

    verdict = no_thread_leak(story.history)
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert "it takes 600 departures" in verdict.summary


# --- memory ----------------------------------------------------------------------------------------------------------


def test_memory_that_stays_passes_with_the_least_leak_that_would_have_shown() -> None:
    verdict = no_memory_leak(churn(300, size=25).history)

    assert verdict.outcome is Outcome.PASSED
    assert verdict.summary == (
        "300 clients came and went. Memory went from 9.0 MiB to 9.0 MiB; a leak of 1.5 KiB a client would have shown."
    )


def test_memory_that_grows_with_each_client_is_a_leak() -> None:
    verdict = no_memory_leak(churn(600, size=25, rss=lambda departed: 9 * MIB + departed * 8 * KIB).history)

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.summary == (
        "The server keeps about 8.0 KiB of memory for each client that has gone: 9.2 MiB after 25 departures, "
        "13.7 MiB after 600, all by reset, within 0.23 s."
    )


def test_five_cycles_say_nothing_about_memory() -> None:
    assert no_memory_leak(churn(25).history).outcome is Outcome.NOT_EXERCISED


@pytest.mark.parametrize(
    ("runtime", "name"), [("java", "Java"), ("node", "Node"), ("dotnet", ".NET"), ("pypy", "PyPy")]
)
def test_the_memory_of_a_collected_heap_is_not_judged(runtime: str, name: str) -> None:
    """Finding 42."""
    verdict = no_memory_leak(churn(600, rss=lambda departed: departed * 8 * KIB, runtimes=[runtime]).history)

    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.summary.startswith(name)


def test_where_it_cannot_be_told_what_runs_the_server_its_memory_is_not_judged() -> None:
    verdict = no_memory_leak(churn(600, size=25, rss=lambda departed: departed * 8 * KIB, runtimes=None).history)

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_the_stacks_of_leaked_threads_are_told_of_once() -> None:
    story = churn(600, size=25, threads=lambda departed: departed, rss=lambda departed: 9 * MIB + departed * 24 * KIB)
    assert no_thread_leak(story.history).outcome is Outcome.FAILED
    assert no_memory_leak(story.history).outcome is Outcome.NOT_EXERCISED

    story = churn(600, size=25, threads=lambda departed: departed, rss=lambda departed: departed * MIB)
    assert no_memory_leak(story.history).outcome is Outcome.FAILED


def pushed(megabytes: int, grown: int, **more: Any) -> Story:
    story = Story()
    story.join("ann")
    story.join("bob")
    story.step("stall", "slow.yaml:5:5", "- stall: bob")
    story.note("stall", "bob")
    story.note("facts", during="stall", rss=20 * MIB, runtimes=[], **more)
    for number in range(megabytes):
        story.say("ann", f"{number} " + "x" * MIB)
    story.note("facts", during="stall", rss=20 * MIB + grown, runtimes=[], **more)
    return story


def test_a_server_that_keeps_all_that_one_does_not_read_is_hoarding() -> None:
    """Finding 41."""
    verdict = no_memory_leak(pushed(64, 40 * MIB).history)

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert "bob stopped reading" in verdict.summary
    assert "grew by 40.0 MiB" in verdict.summary
    assert verdict.where == "slow.yaml:5:5"


def test_a_server_that_bounds_it_passes_and_it_is_told_what_was_pushed() -> None:
    verdict = no_memory_leak(pushed(64, 2 * MIB).history)

    assert verdict.outcome is Outcome.PASSED
    assert verdict.summary == "64.0 MiB were pushed at bob, who did not read; memory grew by 2.0 MiB."


def test_less_than_sixty_four_megabytes_prove_nothing() -> None:
    assert no_memory_leak(pushed(40, 40 * MIB).history).outcome is Outcome.NOT_EXERCISED
