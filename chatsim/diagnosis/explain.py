"""`explain`: verdicts in, the same verdicts with what may have caused their failures out.

A wrong hint is worse than none: each rule states its evidence and is silent without it. One cause is told once; what
else failed by it refers to it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Final

from chatsim.checks.verdict import Cause, Outcome, Verdict
from chatsim.diagnosis import (
    addressing,
    arriving,
    crashing,
    declaring,
    departing,
    ending,
    keeping,
    listing,
    reading,
    sharing,
    standing_still,
    throwing_out,
)
from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import History

__all__ = ["RULES", "Rule", "RuleFault", "explain"]

Rule = Callable[[Evidence], Hint | None]


class RuleFault(UserWarning):
    """A rule of the diagnosis has raised. A mistake of ours, which costs a hint and nothing else."""


# In this order among equals: what the server itself said comes first, what is only concluded after it.
RULES: Final[tuple[Rule, ...]] = (
    crashing.changed_while_iterating,
    crashing.removed_twice,
    crashing.half_a_character_in_a_traceback,
    arriving.accept_loop_ended,
    crashing.reset_not_caught,
    crashing.broken_while_sending,
    crashing.any_other_exception,
    ending.address_in_use,
    ending.threads_keep_it_alive,
    ending.helper_left_behind,
    ending.ended_without_an_error,
    reading.wrong_alphabet,
    reading.characters_are_counted,
    reading.half_a_character_arrived,
    reading.one_read_is_one_message,
    reading.written_without_an_end,
    reading.cut_at_a_size,
    reading.rest_of_a_read_is_lost,
    reading.half_a_character_ended_the_session,
    reading.only_the_first_message,
    reading.long_texts_are_lost,
    reading.case_is_changed,
    standing_still.half_a_message_holds_up,
    standing_still.lock_never_given_back,
    throwing_out.error_ends_the_speaker,
    throwing_out.quiet_are_thrown_out,
    departing.end_of_file_is_no_farewell,
    departing.exception_swallowed,
    departing.reads_on_after_the_end,
    declaring.notice_reads_differently,
    declaring.roster_reads_differently,
    departing.only_the_quit_word_is_leaving,
    departing.cleanup_after_the_loop,
    departing.name_never_released,
    departing.socket_never_closed,
    listing.roster_is_a_list_of_its_own,
    listing.roster_stops_short,
    listing.nobody_is_told_of_joins,
    listing.nobody_is_told_of_departures,
    keeping.another_thread_stays,
    keeping.something_else_stays_open,
    keeping.full_for_ever,
    arriving.silent_connection_blocks,
    arriving.one_at_a_time,
    sharing.slow_reader_holds_up,
    sharing.broadcast_goes_wrong_at_the_dead,
    sharing.listed_twice,
    sharing.one_name_for_all,
    sharing.one_client_is_not_served_in_turn,
    sharing.two_broadcasts_at_once,
    sharing.notices_go_another_way,
    addressing.whisper_goes_to_all,
    addressing.rooms_have_one_list,
    addressing.said_to_all_instead_of_one,
    addressing.in_the_list_before_joining,
    addressing.answers_the_newest,
    addressing.sender_is_left_out,
    addressing.sends_no_receipt,
    declaring.echo_is_the_rule,
    declaring.nothing_is_recognised,
    declaring.prompt_not_awaited,
    declaring.own_text_reads_differently,
    declaring.nothing_was_ever_heard,
    throwing_out.thrown_out,
)
_SUREST: Final = tuple(Sure)


def explain(history: History, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The same verdicts in the same order; those that failed, or that the profile leaves open, with a hint if one is known.

    A verdict that no rule explains keeps the hint of its own check. Nothing but hints is ever changed.
    """
    if not any(_wants_a_hint(verdict) for verdict in verdicts):
        return list(verdicts)
    evidence = Evidence(history, verdicts)
    hints = [hint for rule in RULES if (hint := _asked(rule, evidence)) is not None]
    hints.sort(key=lambda hint: _SUREST.index(hint.sure))  # stable: among equals the order of the rules
    return _told_once(verdicts, hints)


def _asked(rule: Rule, evidence: Evidence) -> Hint | None:
    """What a rule says. One that goes wrong says nothing: its hint is lost, and not the report of what was seen.

    That is for users. Where `-W error` is given, as in the tests of this project, it is an error.
    """
    try:
        return rule(evidence)
    except Exception as error:
        warnings.warn(f"The diagnosis {rule.__name__} went wrong: {error!r}", RuleFault, stacklevel=2)
        return None


def _wants_a_hint(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.FAILED or verdict.cause is Cause.PROFILE


def _told_once(verdicts: Sequence[Verdict], hints: Sequence[Hint]) -> list[Verdict]:
    chosen: dict[str, Hint] = {}
    for verdict in sorted(verdicts, key=lambda v: v.outcome is not Outcome.FAILED):
        if _wants_a_hint(verdict):
            hint = next((h for h in hints if verdict.property in h.of and _may_follow(h, verdict)), None)
            if hint is not None:
                chosen[verdict.property] = hint
    host: dict[Hint, str] = {}
    for name, hint in chosen.items():
        host.setdefault(hint, name)
    own: dict[str, str] = {}
    gravest = sorted(verdicts, key=lambda v: v.outcome is not Outcome.FAILED)
    explained = [_hinted(verdict, chosen, host, own) for verdict in gravest]
    by_name = {verdict.property: verdict for verdict in explained}
    return [by_name[verdict.property] for verdict in verdicts]


def _hinted(verdict: Verdict, chosen: dict[str, Hint], host: dict[Hint, str], own: dict[str, str]) -> Verdict:
    name = verdict.property
    if not _wants_a_hint(verdict):
        return verdict
    hint = chosen.get(name)
    if hint is not None and host[hint] == name:
        text = f"{hint.text}\n{verdict.hint}" if hint.keeps and verdict.hint else hint.text
        return verdict.hinted(text, hint.sure.value, hint.where)
    if hint is not None:
        return verdict.hinted(
            f"The cause is likely the same as for {host[hint]}: see there.", hint.sure.value, hint.where
        )
    follows = next((h for h in host if name in h.also and _may_follow(h, verdict)), None)
    if follows is not None:
        return verdict.hinted(
            f"Perhaps this follows from what is told at {host[follows]}: see there.", Sure.PERHAPS.value
        )
    if verdict.hint and verdict.hint in own:
        return verdict.hinted(f"See {own[verdict.hint]}.")
    if verdict.hint:
        own[verdict.hint] = name
    return verdict


def _may_follow(hint: Hint, verdict: Verdict) -> bool:
    """An effect does not come before its cause."""
    return not verdict.witness or max(verdict.witness) > hint.since
