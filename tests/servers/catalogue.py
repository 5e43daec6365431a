"""Which server is wrong, in what, and what must be said of it.

To add one: its program beside this file, a scenario in `scenarios/` that brings the mistake to light, one line here. Then
write its golden text with UPDATE_GOLDEN=1 and read it as its author would.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile

__all__ = ["RIGHT", "WRONG", "Right", "Wrong"]


@dataclass(frozen=True)
class Wrong:
    """`fails`: the properties that must fail, all of them, each with its evidence: proof or absence."""

    server: str
    scenario: str
    fails: str
    profile: str = "lines"
    patience: float = 0.5  # times the usual: these servers are quick, and what never comes needs no second second

    @property
    def expected(self) -> dict[str, str]:
        """By property."""
        pairs = (word.split(":") for word in self.fails.split())
        return dict(pairs)

    @property
    def name(self) -> str:
        return f"{self.server}-{self.scenario}"


@dataclass(frozen=True)
class Right:
    """Nothing may be said against it. `keys`: what its profile says besides that of its dialect."""

    file: str
    hardest: str  # the shipped scenario that it is most likely to be blamed in
    dialect: str = "lines"
    keys: str = ""
    but: tuple[str, ...] = ()  # the shipped scenarios that it is not right in

    @property
    def name(self) -> str:
        return Path(self.file).stem

    @property
    def profile(self) -> Profile:
        if not self.keys:
            return load_profile(self.dialect)
        text = f"profile: {self.name.replace('_', '-')}\nextends: {self.dialect}\n{self.keys}\n"
        return read_profile(text, f"{self.name}.yaml")


WRONG = (
    # messages
    Wrong("removes_while_looping", "goodbye", "delivery:absence"),
    Wrong("prints_only_the_first", "console", "delivery:absence", "nickname-console"),
    Wrong("retries_what_worked", "pair", "no-duplication:proof"),
    Wrong("broadcasts_the_quit_word", "quit", "no-creation:proof"),
    Wrong("knows_only_ascii", "scripts", "intact:proof"),
    Wrong("strips_the_text", "blanks", "intact:proof"),
    Wrong("counts_characters", "scripts", "intact:proof", "header-64"),
    Wrong("reads_too_little", "long_text", "intact:proof", "prompted"),
    Wrong("one_read_is_one_message", "two_in_one_write", "framing:proof"),
    Wrong("speaks_for_the_last_one", "pair", "attribution:proof"),
    Wrong("echoes", "pair", "echo:proof"),
    Wrong("gives_no_receipt", "receipt", "echo:absence", "json-lines"),
    Wrong("whispers_aloud", "whispers", "isolation:proof"),
    Wrong("tells_who_only_connected", "onlooker", "isolation:proof"),
    Wrong("echoes_to_all", "echo", "isolation:proof", "echo"),
    Wrong("answers_the_newest", "desk", "isolation:proof delivery:absence", "operator-desk"),
    # order
    Wrong("last_in_first_out", "two_in_one_write", "fifo-order:proof"),
    Wrong("long_texts_in_the_background", "reply", "causal-order:proof"),
    Wrong("everybody_loops_alone", "at_once", "total-order:proof"),
    Wrong("notices_overtake", "last_words", "membership-order:proof"),
    # membership
    Wrong("counts_only_up", "one_goes_one_comes", "lets-in:proof"),
    Wrong("tells_the_newcomer_only", "talk", "join-notice:absence"),
    Wrong("announces_twice", "pair", "join-notice:proof"),
    Wrong("misses_only_the_rude", "goodbye", "leave-notice:absence"),
    Wrong("misses_only_the_polite", "reset", "drop-notice:absence"),
    Wrong("lists_all_but_the_last", "goodbye", "roster:proof"),
    Wrong("takes_anybody", "twins", "unique-nicknames:proof"),
    Wrong("keeps_names_for_ever", "back_again", "nickname-released:absence"),
    # cleanup
    Wrong("never_closes", "goodbye", "closes-connection:absence"),
    Wrong("never_closes", "half_closed", "closes-connection:absence"),
    Wrong("sweeps_up_later", "half_closed", "no-ghosts:proof"),
    Wrong("never_forgets_a_name", "goodbye", "no-ghosts:proof roster:proof"),
    Wrong("leaves_a_thread", "come_and_go", "no-thread-leak:proof"),
    Wrong("closes_only_the_polite", "come_and_go", "no-socket-leak:proof"),
    Wrong("remembers_everybody", "come_and_go_many", "no-memory-leak:proof"),
    Wrong("looks_again_and_again", "reset", "no-spin:proof"),
    Wrong("waits_for_its_threads", "pair", "clean-exit:absence", patience=1.0),
    # liveness
    Wrong("goes_with_the_last", "alone", "stays-up:proof"),
    Wrong("puts_out_the_silent", "silence", "keeps-clients:proof"),
    # Who cannot join after a fault cannot join: whatever fails the one fails the other.
    Wrong("greets_in_the_accept_loop", "broken_off", "still-serves:absence lets-in:absence"),
    Wrong("writes_under_the_lock", "does_not_read", "no-head-of-line-blocking:absence"),
    # Whoever is hurt by somebody's bad input is hurt: whatever fails by it fails this as well.
    Wrong("dies_of_bad_bytes", "bad_bytes", "stays-up:proof survives-malformed:proof"),
    Wrong("dies_of_a_reset", "reset", "stays-up:proof"),
    Wrong("catches_nothing", "reset", "no-crash-output:proof"),
    # the scenario's own
    Wrong("keeps_no_log", "log", "expectations:absence"),
)

# Most keep what a client does not read without any bound, and are not right where a hundred megabytes are said to one.
UNBOUNDED = ("flood",)

RIGHT = (
    # One that does not read holds up whoever speaks: it is right among those who read.
    Right("right_threads.py", "order", but=("slow", "flood")),
    Right("right_queues.py", "slow", but=UNBOUNDED),
    Right("right_socketserver.py", "rejoin", but=UNBOUNDED),
    Right("right_selectors.py", "slow", but=UNBOUNDED),
    Right("right_asyncio.py", "long", but=UNBOUNDED),
    Right("right_late.py", "comings", but=UNBOUNDED),
    Right("right_pool.py", "churn", but=UNBOUNDED),
    Right("right_polling.py", "churn", but=UNBOUNDED),
    Right("right_evicts.py", "slow"),
    Right("right_replays.py", "rejoin", keys="replays: yes", but=UNBOUNDED),
    Right("right_chunks.py", "cuts", dialect="prompted", but=UNBOUNDED),
    Right("right_c.c", "slow", but=UNBOUNDED),
    Right("right_node.js", "churn"),
    Right("RightJava.java", "churn"),
)
