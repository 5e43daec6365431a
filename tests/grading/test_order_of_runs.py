"""Which run is to be played next: each once, what is needed first, and nothing twice after a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chatsim.grading.assignment import Assignment, Part, ServerRules
from chatsim.grading.order import Phase, Wanted, next_run, not_run
from chatsim.grading.record import OutcomeWord, RunRecord, Student, SubmissionRecord, VerdictRecord
from chatsim.grading.settling import settled
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario


def scenario(name: str) -> Scenario:
    return read_scenario(f"scenario: {name}\nbots: [ann]\nsteps:\n  - join: ann\n", f"{name}.yaml")


JOIN, TALK, LEAVE = map(scenario, ("join", "talk", "leave"))
ASSIGNMENT = Assignment(
    "chat-1",
    "A chat",
    ServerRules("python server.py {port}"),
    (
        Part("leaving", "Leaving", Decimal(5), (LEAVE,), needs=("talking",)),
        Part("talking", "Talking", Decimal(5), (TALK,), needs=("joining",), repeat=2),
        Part("joining", "Joining", Decimal(5), (JOIN,)),
    ),
    seed=7,
)
NOTHING = SubmissionRecord(Student("ann", "Ann"), "played")
ABSENCE = VerdictRecord("delivery", "failed", evidence="absence", doubtful=True)
PROOF = VerdictRecord("delivery", "failed", evidence="proof")
Play = Callable[[Wanted], tuple[OutcomeWord, tuple[VerdictRecord, ...]]]


def may_be_full(part: Part, runs: Sequence[RunRecord]) -> bool:
    return not any(run.outcome in ("failed", "error") and not any(v.doubtful for v in run.verdicts) for run in runs)


def record_of(wanted: Wanted, outcome: OutcomeWord, *verdicts: VerdictRecord) -> RunRecord:
    it = wanted.scenario
    return RunRecord(wanted.part, it.name, it.file, wanted.seed, wanted.patience, outcome, verdicts=verdicts)


def with_run(record: SubmissionRecord, wanted: Wanted, run: RunRecord) -> SubmissionRecord:
    if wanted.replays is None:
        return replace(record, runs=(*record.runs, run))
    runs = list(record.runs)
    runs[wanted.replays] = settled(runs[wanted.replays], run)
    return replace(record, runs=tuple(runs))


def disturbed_in(record: SubmissionRecord, place: int) -> SubmissionRecord:
    runs = list(record.runs)
    runs[place] = replace(runs[place], disturbed=True)
    return replace(record, runs=tuple(runs))


def played(
    record: SubmissionRecord, phase: Phase, play: Play, disturbed: Callable[[Wanted], bool] = lambda wanted: False
) -> tuple[SubmissionRecord, list[str]]:
    asked = []
    while (wanted := next_run(ASSIGNMENT, record, may_be_full, phase)) is not None:
        asked.append(f"{wanted.scenario.name} {wanted.seed}" + (" again" if wanted.replays is not None else ""))
        if wanted.replays is not None and phase == "again" and disturbed(wanted):
            record = disturbed_in(record, wanted.replays)
            continue
        outcome, verdicts = play(wanted)
        record = with_run(record, wanted, record_of(wanted, outcome, *verdicts))
    return record, asked


def always(outcome: OutcomeWord, *verdicts: VerdictRecord) -> Play:
    return lambda wanted: (outcome, verdicts)


def failing(name: str, *verdicts: VerdictRecord) -> Play:
    return lambda wanted: ("failed", verdicts) if wanted.scenario.name == name else ("passed", ())


def test_what_is_needed_is_played_before_what_needs_it() -> None:
    record, asked = played(NOTHING, "all", always("passed"))

    assert asked == ["join 7", "talk 7", "talk 8", "leave 7"]
    assert next_run(ASSIGNMENT, record, may_be_full, "alone") is None
    assert not_run(ASSIGNMENT, record, may_be_full) == ()


def test_what_needs_something_that_failed_is_not_run_nor_what_needs_that() -> None:
    record, asked = played(NOTHING, "all", failing("join", PROOF))

    assert asked == ["join 7"]
    assert sorted(not_run(ASSIGNMENT, record, may_be_full)) == [("leaving", "talking"), ("talking", "joining")]
    assert next_run(ASSIGNMENT, record, may_be_full, "alone") is None


def test_what_needs_something_in_doubt_waits_until_that_was_played_again() -> None:
    record, asked = played(NOTHING, "all", failing("talk", ABSENCE))
    assert asked == ["join 7", "talk 7", "talk 8"]
    assert not_run(ASSIGNMENT, record, may_be_full) == ()

    record, asked = played(record, "again", always("passed"))

    assert asked == ["talk 7 again", "talk 7 again", "talk 8 again", "talk 8 again", "leave 7"]
    assert [run.outcome for run in record.runs] == ["passed"] * 4


def test_a_server_that_can_not_be_played_with_is_tried_once_and_once_more() -> None:
    record, asked = played(NOTHING, "all", always("error"))
    assert asked == ["join 7"]
    assert played(record, "again", always("error"))[1] == ["join 7 again"]

    recovered, asked = played(record, "again", always("passed"))

    assert asked == ["join 7 again", "talk 7", "talk 8", "leave 7"]
    assert {run.outcome for run in recovered.runs} == {"passed"}


def test_what_was_disturbed_in_its_replay_is_left_for_when_nothing_is_beside_it_and_so_is_what_needs_it() -> None:
    record, _ = played(NOTHING, "all", failing("talk", ABSENCE))

    record, asked = played(record, "again", always("passed"), lambda wanted: wanted.seed == 7)
    assert asked == ["talk 7 again", "talk 8 again", "talk 8 again"]
    assert [(run.disturbed, run.undisturbed) for run in record.runs] == [(False, 0), (True, 0), (False, 2)]

    record, asked = played(record, "alone", always("passed"))
    assert asked == ["talk 7 again", "talk 7 again", "leave 7"]
    assert [(run.outcome, run.disturbed) for run in record.runs] == [("passed", False)] * 4


@given(
    st.lists(st.booleans(), max_size=6),
    st.lists(st.sampled_from(["passed", "failed", "absent", "inconclusive", "error"]), min_size=40, max_size=40),
)
def test_whenever_it_is_killed_nothing_is_played_twice_and_all_comes_to_an_end(
    disturbances: list[bool], draws: list[str]
) -> None:
    """A record is asked anew after each run, as by one who finds it in a file: so a kill changes nothing."""
    left = list(draws)

    def play(wanted: Wanted) -> tuple[OutcomeWord, tuple[VerdictRecord, ...]]:
        match left.pop():
            case "absent":
                return "failed", (ABSENCE,)
            case "failed":
                return "failed", (PROOF,)
            case other:
                return other, ()  # type: ignore[return-value]

    record, first = played(NOTHING, "all", play)
    record, _ = played(record, "again", play, lambda wanted: bool(disturbances) and disturbances.pop())
    record, _ = played(record, "alone", play)

    assert len(set(first)) == len(first)
    keys = [(run.scenario, run.seed) for run in record.runs]
    assert len(set(keys)) == len(keys)
    assert next_run(ASSIGNMENT, record, may_be_full, "alone") is None
