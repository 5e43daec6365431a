"""Public servers: what `detect` finds, what can be run.

    python -m benchmarks.public_servers --rows servers.tsv --into FOLDER --fetch

One server after the other, each in bounded time, and none is left behind. What was found is kept in FOLDER/results.json
after each, so that an interrupted call goes on where it was; the table is FOLDER/results.md. Their code is theirs: FOLDER
lies outside of any repository.
"""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from benchmarks.public_servers.bringing import Trouble, built, fetch, free_port, fresh, listens, surroundings
from benchmarks.public_servers.comparing import likeness, of_one_mind
from benchmarks.public_servers.playing import ROOT, Played, detect, judged, play
from benchmarks.public_servers.rows import (
    Row,
    Start,
    known_profile,
    lines_of,
    profile_text,
    read_rows,
    read_starts,
)
from benchmarks.public_servers.table import Result, from_json, markdown, to_json
from chatsim.errors import ChatsimError
from chatsim.profile.reader import load_profile

SCENARIOS = Path(__file__).parent / "scenarios"
SUITE = ROOT / "scenarios"
PLAY_SECONDS = 150.0  # most of it waiting for a port that the server left in TIME_WAIT
TRIES = 3
_WORST = ("failed", "inconclusive", "passed", "not-exercised", "not-applicable")


class Bench:
    """One folder with checkouts, and what is played there."""

    def __init__(self, into: Path, env: Mapping[str, str], options: argparse.Namespace) -> None:
        self.into, self.env, self.options = into, env, options

    def result(self, row: Row, start: Start) -> Result:
        empty = Result(row.id, row.repository, no_chat=start.no_chat, lines=lines_of(start.profile))
        if start.cannot:
            return replace(empty, why_not=start.cannot)
        try:
            if self.options.fetch:
                fetch(row, self.into / row.id)
            with built(start, self.into / row.id, self.into, self.env) as whole:
                return self._played(start, whole, replace(empty, starts=self._listens(start, whole)))
        except Trouble as trouble:
            return replace(empty, why_not=str(trouble))

    def _listens(self, start: Start, whole: Path) -> str:
        port = free_port(start)
        with fresh(start, whole, port) as folder:
            return listens(start, folder, port, self.env)

    def _played(self, start: Start, whole: Path, result: Result) -> Result:
        if result.lines is not None:
            by_hand = at_best(lambda: self._runs(start, whole, scenarios_of(start)), heard=not start.no_chat)
            result = replace(result, by_hand=by_hand)
            if self.options.verdicts:
                result = replace(result, suite=self._suite(start, whole))
        return self._detected(start, whole, result) if self.options.detect else result

    def _suite(self, start: Start, whole: Path) -> dict[str, str]:
        worst: dict[str, str] = {}
        for scenario in sorted(map(str, SUITE.glob("*.yaml"))):
            try:
                runs = self._runs(start, whole, [scenario])
            except Trouble as trouble:
                print(f"  {Path(scenario).stem}: {trouble}", file=sys.stderr, flush=True)
                continue
            for each in (each for one in runs for each in one["verdicts"]):
                before = worst.get(each["property"], _WORST[-1])
                worst[each["property"]] = min(before, each["outcome"], key=_WORST.index)
        return worst

    def _runs(
        self, start: Start, whole: Path, scenarios: Sequence[str], found: str | None = None
    ) -> list[dict[str, Any]]:
        """`found`: the text of the detected profile, in place of the one by hand."""
        runs: list[dict[str, Any]] = []
        for scenario in scenarios:
            port = free_port(start)
            with fresh(start, whole, port) as folder:
                profile = folder / "played.yaml"
                text = profile_text(start.profile, start.words()) if found is None else with_start(found, start)
                profile.write_text(text, encoding="utf-8")
                runs += play(scenario, profile, folder, self.env, PLAY_SECONDS)
        return runs

    def _detected(self, start: Start, whole: Path, result: Result) -> Result:
        try:
            port = free_port(start)
            with fresh(start, whole, port) as folder:
                env = {**self.env, **start.words(port).get("env", {})}
                found = detect(detectable(start, port), folder, env, self.options.seconds)
                profile = None
                if found.profile is not None:
                    profile = load_profile(str(folder / "found.yaml"))
        except (Trouble, ChatsimError) as trouble:
            return replace(result, detect="not", differences=(str(trouble).splitlines()[0][:200],))
        known = known_profile(start.profile)
        result = replace(result, seconds=round(found.seconds, 1), told=found.told, found=found.profile or "")
        if start.no_chat:  # right is who says so, or finds nothing
            return replace(result, detect="right" if profile is None else "not")
        if profile is None and "its own fault" in found.told:  # it breaks at its first client, and that is what it says
            return replace(result, detect="right", differences=("says that the server breaks by itself",))
        if found.profile is None or profile is None:
            return replace(result, detect="not", differences=("no profile", found.told))
        alone = at_best(lambda: self._runs(start, whole, scenarios_of(start), found.profile), result.by_hand)
        if known is not None and not of_one_mind(profile, known):
            alone = replace(
                alone,
                works=False,
                why=alone.why or "who hears whom is another matter",
            )
        like = likeness(profile, known) if known is not None else None
        differences = like.differences if like is not None else ()
        verdict = like.verdict if like is not None else "not"
        if verdict == "not" and alone.works:
            verdict = "nearly"
        elif (
            verdict == "right" and not alone.works
        ):  # an `await` of what never comes again, say: nothing is compared of these
            verdict, differences = "nearly", (alone.why,)
        return replace(result, detect=verdict, differences=differences, alone=alone)


def at_best(runs: Callable[[], list[dict[str, Any]]], beside: Played | None = None, *, heard: bool = True) -> Played:
    """The first play in which all works, of a few: a server's own fault may race, while a profile that does not fit never
    works. All that failed in any of them is told."""
    failed: dict[str, None] = {}
    for _ in range(TRIES):
        try:
            played = judged(runs(), beside, heard=heard)
        except Trouble as trouble:
            return Played(False, str(trouble))
        failed |= dict.fromkeys(played.failed)
        if played.works or not played.played:
            break
    return replace(played, failed=tuple(failed))


def scenarios_of(start: Start) -> list[str]:
    return [str(SCENARIOS / f"{name}.yaml") for name in (start.plays, f"{start.plays}-leave")]


def detectable(start: Start, port: int) -> list[str]:
    """The command as a person would give it. What must be typed at once is typed by a shell, which goes on listening."""
    command = start.words(port)["command"]
    if start.stdin:
        typed = start.stdin.replace("{port}", str(port)).strip()
        return ["sh", "-c", f"(echo {typed}; cat) | exec {command}"]
    return command.split() if isinstance(command, str) else list(command)


def with_start(found: str, start: Start) -> str:
    """The detected profile, told how the server is started here, with what the command does not say."""
    words = yaml.safe_load(found)
    words["start"] = start.words()
    text: str = yaml.safe_dump(words, allow_unicode=True, sort_keys=False)
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public_servers", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=Path, required=True, help="the servers: a table with the columns id, repo, commit"
    )
    parser.add_argument(
        "--into", type=Path, required=True, help="a folder outside of any repository; ID/ are checkouts"
    )
    parser.add_argument("--starts", type=Path, help="how each is started; by default what comes with this script")
    parser.add_argument(
        "--fetch", action="store_true", help="fetch what is missing, and install what it needs from PyPI"
    )
    parser.add_argument("--only", action="append", metavar="ID", help="only this one; may be given several times")
    parser.add_argument("--again", action="store_true", help="play those again whose result is there already")
    parser.add_argument("--no-detect", dest="detect", action="store_false", help="only the profiles by hand")
    parser.add_argument(
        "--verdicts", action="store_true", help="the whole shipped suite with the profiles by hand, too"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long `detect` may take before it is ended")
    parser.add_argument("--python", default=sys.executable, help="of the servers' environment; some need 3.10 or older")
    options = parser.parse_args(arguments)

    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # ended from outside: as Ctrl-C, so that nothing stays behind
    into = options.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    starts = read_starts(options.starts) if options.starts is not None else read_starts()
    kept = into / "results.json"
    results = {one.id: one for one in from_json(kept.read_text(encoding="utf-8"))} if kept.exists() else {}
    rows = [row for row in read_rows(options.rows) if options.only is None or row.id in options.only]
    packages = tuple(sorted({name for row in rows if row.id in starts for name in starts[row.id].packages}))
    alone = (into / ".playing").open("w")  # two in one folder would take each other's copies away
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        alone.close()
        print(f"somebody else plays in {into}: wait, or take another folder", file=sys.stderr)
        return 1
    try:
        bench = Bench(into, surroundings(into, packages, options.python, options.fetch), options)
        for row in rows:
            if row.id in results and not options.again and options.only is None:
                continue
            start = starts.get(row.id, Start(cannot="nobody has said how it is started"))
            one = bench.result(row, start)
            if (
                row.id in results and not one.suite
            ):  # the suite takes long: its verdicts are kept until it is played again
                one = replace(one, suite=results[row.id].suite)
            results[row.id] = one
            kept.write_text(to_json(results.values()), encoding="utf-8")
            print(told(one), file=sys.stderr, flush=True)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; what was found is in {kept}", file=sys.stderr)
        return 130
    finally:
        alone.close()
        (into / "results.md").write_text(markdown(results.values()), encoding="utf-8")
    print(markdown(results.values()), end="")
    return 0


def told(one: Result) -> str:
    """One line, while it goes on."""
    if not one.starts:
        return f"{one.id}: does not start ({one.why_not})"
    parts = [f"{one.id}: {one.starts}"]
    for what, played in (("by hand", one.by_hand), ("alone", one.alone)):
        if played is not None:
            parts.append(f"{what} {'works' if played.works else played.why}")
    if one.detect is not None:
        parts.append(f"detect {one.detect} in {one.seconds} s {'; '.join(one.differences)}")
    return " · ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
