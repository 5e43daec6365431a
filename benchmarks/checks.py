"""How quickly a long history is judged: a million deliveries at a hundred receivers, and what that costs in memory.

    python -m benchmarks.checks [DELIVERIES] [RECEIVERS]

Three histories: all orders agree (as a server with one lock gives), all differ but fit together (every receiver has
lost other messages, so `delivery` fails), and all contradict each other. Each is judged by every check on messages and
order, with causal and total order promised. Processor time, the best of five; the import of numpy is timed apart.

And one who stays while others come and go, twenty-five at a time, judged by all checks: what a departure costs among
1,200 over what it costs among 300. Near 1 is well; 4 would be a check that compares everybody with everybody.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from array import array
from collections.abc import Callable
from unittest import mock

from chatsim.checks import hearing
from chatsim.checks.catalogue import CHECKS
from chatsim.checks.judge import judge
from chatsim.checks.views import Views, views_of
from chatsim.history import Header, History
from chatsim.terms import Speech, Terms

HEARS = bytes([1])
TERMS = Terms(
    framed_sent=True,
    framed_received=True,
    public=Speech(possible=True, heard=True),
    promises={"total-order": True, "causal-order": True},
)
MINE = ("messages", "order")


def played(deliveries: int, receivers: int, disturb: Callable[[random.Random, list[int]], list[int]]) -> History:
    """Everybody speaks, nobody hears itself; each read brings a receiver what was said since its last."""
    draw = random.Random(7)
    history = History(Header(terms=TERMS.to_json()))
    for bot in range(receivers):
        history.note(0.0, "connect", bot, bot=f"bot{bot:03}", nick=f"bot{bot:03}", number=1)
        history.note(0.0, "connected", bot, ip="127.0.0.1", port=40_000 + bot)
        history.note(0.0, "told", bot, nick=f"bot{bot:03}")
    now = 0.0

    def tell(batch: list[int]) -> None:
        for bot in draw.sample(range(receivers), receivers):
            heard = disturb(draw, [m for m in batch if history.messages[m].sender != bot])
            history.heard_many(now, bot, array("i", heard), HEARS * len(heard))

    for speaker in (0, 1):  # the knocks
        knock = history.new_message(speaker, "knock", "lobby", f"knock {speaker}").id
        for kind in ("send", "handed"):
            history.say(now, kind, speaker, knock)
        tell([knock])
    batch: list[int] = []
    for number in range(deliveries // (receivers - 1)):
        now += 0.0001
        message = history.new_message(draw.randrange(receivers), "chat", "lobby", f"hello {number}").id
        for kind in ("send", "handed"):
            history.say(now, kind, history.messages[message].sender, message)
        batch.append(message)
        if len(batch) == 64:
            tell(batch)
            batch = []
    tell(batch)
    history.note(now + 0.1, "settled", how="all-heard", channels=None, valid=True)
    history.note(now + 0.2, "ended", why="done")
    return history


def agreeing(draw: random.Random, heard: list[int]) -> list[int]:
    return heard


def lossy(draw: random.Random, heard: list[int]) -> list[int]:
    return [message for message in heard if draw.random() > 0.02]


def contradicting(draw: random.Random, heard: list[int]) -> list[int]:
    if len(heard) > 1:
        at = draw.randrange(len(heard) - 1)
        heard[at], heard[at + 1] = heard[at + 1], heard[at]
    return heard


def come_and_gone(departures: int, at_once: int = 25) -> History:
    """Everybody hears everybody, and is told who comes and goes; names are used again by the next."""
    terms = Terms(
        framed_sent=True,
        framed_received=True,
        join_dialogue=True,
        leave_dialogue=True,
        public=Speech(possible=True, heard=True),
        notices=frozenset(("joined", "left", "dropped")),
    )
    history = History(Header(terms=terms.to_json()))
    here: list[int] = []
    now = 0.0

    def come(bot: str) -> None:
        session = len(history.messages)  # everybody says one thing
        history.note(now, "connect", session, bot=bot, nick=bot, number=1 + session // at_once)
        history.note(now, "connected", session, ip="127.0.0.1", port=20_000 + session)
        history.note(now, "told", session, nick=bot)
        tell("joined", bot)
        here.append(session)
        said = history.new_message(session, "chat", "lobby", f"hello {session}").id
        for kind in ("send", "handed"):
            history.say(now, kind, session, said)
        for other in here[:-1]:
            history.say(now, "heard", other, said, "hears")

    def tell(what: str, bot: str) -> None:
        for other in here:
            history.note(now, "notice", other, what=what, nick=bot, text=f"* {bot} {what}")

    def settle() -> None:
        history.note(now, "settled", how="all-heard", channels=None, valid=True)

    come("keeper")
    for _ in range(departures // at_once):
        now += 0.1
        for number in range(at_once):
            come(f"guest{number:02}")
        settle()
        for number in range(at_once):
            session = here.pop(1)
            history.note(now, "leave", session)
            history.note(now, "left", session, clean=True)
            tell("left", f"guest{number:02}")
        settle()
    history.note(now + 0.1, "ended", why="done")
    return history


def by_departures(few: int = 300, many: int = 1200) -> None:
    costs = []
    for departures in (few, many):
        history = come_and_gone(departures)

        def work(history: History = history) -> object:
            forget(history)
            return judge(history)

        costs.append(best_of(5, work) / departures)
    told = ", ".join(f"{1e6 * cost:.0f} µs" for cost in costs)
    print(f"a departure among {few} and among {many}: {told}; ratio {costs[1] / costs[0]:.2f}")


def best_of(times: int, work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(times):
        gc.collect()
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def forget(history: History) -> None:
    from chatsim.checks import lives, views

    lives._read.pop(history, None)
    views._read.pop(history, None)


def measure(title: str, history: History, deliveries: int, times: int = 5) -> None:
    def work() -> object:
        forget(history)
        return judge(history, MINE)

    seconds = best_of(times, work)
    verdicts = work()
    failed = [verdict.property for verdict in verdicts if verdict.outcome == "failed"]  # type: ignore[attr-defined]
    forget(history)
    gc.collect()
    tracemalloc.start()
    judge(history, MINE)
    peak = tracemalloc.get_traced_memory()[1] / deliveries
    tracemalloc.stop()
    reading = best_of(3, lambda: Views(history))
    print(f"{title:34} {deliveries / seconds / 1e6:6.1f} M deliveries/s  {peak:5.1f} bytes a delivery at most", end="")
    print(f"  (views {1e3 * reading:.0f} of {1e3 * seconds:.0f} ms)  failed: {', '.join(failed) or 'none'}")
    if "-v" in sys.argv:
        forget(history)
        views_of(history)
        for verdict in judge(history, MINE):
            begin = time.process_time()
            CHECKS[verdict.property](history)
            print(
                f"    {verdict.property:18} {1e3 * (time.process_time() - begin):7.1f} ms again  {verdict.summary[:90]}"
            )


def main() -> None:
    by_departures()
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    deliveries, receivers = (*numbers, *(1_000_000, 100)[len(numbers) :])
    begin = time.process_time()
    numpy = hearing.numpy_if_long(deliveries)
    print(f"numpy: {'not used' if numpy is None else f'imported in {1e3 * (time.process_time() - begin):.0f} ms'}")
    for title, disturb in (
        ("all agree", agreeing),
        ("all differ by losses", lossy),
        ("all contradict", contradicting),
    ):
        history = played(deliveries, receivers, disturb)
        count = history.kinds.count(hearing.HEARD)
        measure(title, history, count)
        if numpy is not None:
            with mock.patch.object(hearing, "LONG", 10**12):
                measure(f"{title} (without numpy)", history, count, times=2)


if __name__ == "__main__":
    main()
