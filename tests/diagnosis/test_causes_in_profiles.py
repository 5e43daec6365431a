"""What the profile says of a server that is not so; and how a server ends and begins again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatsim.checks.exit import clean_exit
from chatsim.history import Header
from tests.checks.story import BROADCAST, Story, with_speech
from tests.diagnosis.judged import explained, failing, prints

NOTICES = {"notices": {"joined": "* {nick} joined", "left": "* {nick} left"}}


def with_profile(story: Story, source: dict[str, object]) -> Story:
    story.history.header = replace(story.history.header, profile_source=source)
    return story


def of_a_leaver(line: str, *, to: str = "ann", source: dict[str, object] | None = None) -> Story:
    story = Story()
    story.join("ann", "bob", "cat")
    story.settled()
    story.leave("bob")
    story.note("unrecognised", to, text=f"{line}\n")
    story.waited(("notice", "ann", "left bob"), purpose="leave")
    story.settled("patience")
    return with_profile(story, NOTICES if source is None else source)


def test_an_unknown_line_with_the_leavers_name_is_quoted_with_its_key() -> None:
    verdict = explained(of_a_leaver("bob has left the building"))["leave-notice"]

    assert verdict.hint.startswith("Probably: the server tells of it, in words that the profile does not know")
    assert '"bob has left the building"' in verdict.hint
    assert "`notices: {left: …}`" in verdict.hint
    assert '"* {nick} left"' in verdict.hint


@pytest.mark.parametrize(("line", "to"), [("bobby has left", "ann"), ("goodbye, bob", "bob"), ("it is noon", "ann")])
def test_a_line_about_another_or_to_the_leaver_itself_is_no_notice(line: str, to: str) -> None:
    assert explained(of_a_leaver(line, to=to))["leave-notice"].hint_sure == ""


def test_a_form_that_the_profile_knows_makes_another_one_less_sure() -> None:
    story = of_a_leaver("bob has left the building")
    story.notice("cat", "left", "bob")

    assert explained(story)["leave-notice"].hint_sure in ("perhaps", "")


# --- echo ------------------------------------------------------------------------------------------------------------


def of_echoes(*who: str) -> Story:
    story = Story()
    story.join("ann", "bob")
    story.settled()
    for bot, other, text in (("ann", "bob", "hello"), ("bob", "ann", "good morning")):
        story.say(bot, text)
        story.hear(other, text)
        if bot in who:
            story.hear(bot, text, form="echo")
    story.settled()
    return story


def test_who_all_hear_themselves_are_on_a_server_that_echoes() -> None:
    verdict = explained(of_echoes("ann", "bob"))["echo"]

    assert verdict.hint.startswith("Surely: this server sends every message to everybody")
    assert "`echo: yes`" in verdict.hint


def test_one_who_hears_itself_is_no_rule() -> None:
    assert explained(of_echoes("ann"))["echo"].hint_sure == ""


# --- forms and prompts -----------------------------------------------------------------------------------------------


def of_forms(form: str) -> Story:
    story = Story()
    story.connect("ann", "bob")
    story.told("ann", "bob")
    for text in ("hello", "hello again", "anybody?"):
        story.say("ann", text)
        story.hear("bob", text, form=form)
    story.note("unrecognised", "bob", text="[ann] >>")
    story.settled()
    return with_profile(story, {"hears": "{nick}: {text}"})


def test_texts_in_no_known_form_mean_that_hears_reads_otherwise() -> None:
    verdict = explained(of_forms("unknown"))["attribution"]

    assert verdict.hint.startswith("Probably: `hears` in the profile does not read as the server writes a message")
    assert '"{nick}: {text}"' in verdict.hint


def test_texts_in_the_known_form_mean_that_hears_is_right() -> None:
    assert explained(of_forms("hears"))["attribution"].hint == ""


@pytest.mark.parametrize(
    ("join", "told"), [([{"send": "{nick}"}], True), ([{"await": "Your name:"}, {"send": "{nick}"}], False)]
)
def test_a_question_that_all_newcomers_get_is_to_be_awaited(join: list[dict[str, str]], told: bool) -> None:
    story = Story()
    for bot in ("ann", "bob", "the knocker"):
        story.connect(bot)
        story.note("unrecognised", bot, text="Your name: ")
        story.told(bot)
    story.knock("ann", "bob")
    story.say("ann", "hello")
    story.waited(("heard", "bob", "hello"))
    story.settled("patience")

    verdict = explained(with_profile(story, {"join": join}))["delivery"]
    assert ('begin `join` in the profile with `- await: "Your name:"`' in verdict.hint) is told


# --- ending and beginning again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["OSError: [Errno 98] Address already in use", "it ended at once, with code 1"])
def test_only_an_address_in_use_is_said_to_be_one(why: str) -> None:
    story = Story()
    story.join("ann")
    for what in ("restart", "stopping", "exited", "ended"):
        story.server(what, asked=True)
    story.server("failed", why=why, command="start")

    assert ("SO_REUSEADDR" in explained(story)["clean-exit"].hint) is ("in use" in why)


SHUTDOWN = """\
Thread 0x02 (most recent call first):
  File "/home/mia/server.py", line 31 in handle
  File "/usr/lib/python3.12/threading.py", line 1010 in run

Current thread 0x01 (most recent call first):
  File "/usr/lib/python3.12/threading.py", line 1622 in _shutdown
"""


def of_a_stop(stacks: str = "", **facts: object) -> Story:
    story = Story()
    story.join("ann", "bob")
    story.note("facts", **facts)
    stopping = story.server("stopping")
    waited = story.note("wait", **{"for": "stop"}, missing=[], valid=True, waited=2.0)
    if stacks:
        story.note("stacks", text=stacks, by="faulthandler", why="stop")
    assert stopping < waited
    return story


def test_a_main_thread_in_shutdown_waits_for_threads_that_are_no_daemons() -> None:
    verdict = explained(of_a_stop(SHUTDOWN))["clean-exit"]

    assert verdict.hint.startswith("Surely: its main thread has ended, and Python waits for the threads")
    assert verdict.hint_where == "server.py:31, in handle"


def test_without_stacks_nobody_guesses_why_it_did_not_end() -> None:
    for threads in (1, 3):
        assert "hread" not in explained(of_a_stop(threads=threads))["clean-exit"].hint


def test_a_story_of_its_own_has_no_profile_to_compare_with() -> None:
    assert Story(BROADCAST).history.header == Header(
        scenario="a story", terms=BROADCAST.to_json(), check=("everything",)
    )
    assert explained(Story(with_speech(echo=True)))["echo"].hint == ""


def test_a_restart_that_printed_it_is_as_good_as_one_that_was_told() -> None:
    story = Story()
    story.join("ann")
    story.server("restart", asked=True)
    prints(story, "OSError: [Errno 98] Address already in use")
    failed = story.server("failed", why="it ended at once", command="start")

    assert "SO_REUSEADDR" in explained(story, failing("clean-exit", failed))["clean-exit"].hint


def test_a_path_that_is_in_use_is_a_file_that_was_left_behind() -> None:
    story = Story(replace(BROADCAST, transport="unix"))
    story.join("ann")
    story.server("restart", asked=True)
    failed = story.server("failed", why="OSError: [Errno 98] Address already in use", command="start")

    assert "SO_REUSEADDR" not in clean_exit(story.history).hint
    assert "Remove the file" in clean_exit(story.history).hint
    assert "remove the file" in explained(story, failing("clean-exit", failed))["clean-exit"].hint


# --- what is said, asked and answered in other words -----------------------------------------------------------------


def of_speech_that_nobody_hears(answer: str = "") -> Story:
    story = Story(replace(BROADCAST, knock=False))
    story.connect("ann", "bob")
    story.told("ann", "bob")
    for bot in ("ann", "bob"):
        story.note("present", bot, how="patience")
    for bot in ("ann", "bob"):
        story.say(bot, f"{bot} speaks")
        if answer:
            story.note("unrecognised", bot, text=answer)
    story.waited(("heard", "bob", "ann speaks"), ("heard", "ann", "bob speaks"))
    story.settled("patience")
    return with_profile(story, {"says": "/say {text}"})


def test_where_all_who_speak_are_answered_by_an_unknown_line_says_is_wrong() -> None:
    story = of_speech_that_nobody_hears("? there is no command /say")
    hint = explained(story, failing("delivery", 0))["delivery"].hint

    assert hint.startswith("Probably: `says` in the profile is not what this server takes for a message.\n")
    assert '"? there is no command /say"' in hint
    assert 'it reads "/say {text}"' in hint


def test_where_nobody_is_answered_the_server_may_pass_nothing_on() -> None:
    hint = explained(of_speech_that_nobody_hears(), failing("delivery", 0))["delivery"].hint

    assert hint.startswith("Perhaps: `says` in the profile")
    assert "or the server passes nothing on" in hint


def test_one_that_was_heard_shows_that_says_is_right() -> None:
    story = of_speech_that_nobody_hears()
    story.hear("bob", "ann speaks")

    assert "`says`" not in explained(story, failing("delivery", 0))["delivery"].hint


@pytest.mark.parametrize(("line", "told"), [("Users: ann, bob", True), ("Users: ann", False)])
def test_a_line_with_all_names_after_the_question_is_the_answer_in_other_words(line: str, told: bool) -> None:
    story = Story()
    story.join("ann", "bob")
    ask = story.note("ask", "ann")
    story.note("unrecognised", "ann", text=line)
    with_profile(story, {"roster": {"answer": "Here: {nicks}"}})

    hint = explained(story, failing("roster", ask))["roster"].hint
    assert (
        hint.startswith("Probably: the server answers who is there, in words that the profile does not know.") is told
    )


def test_an_open_verdict_whose_witness_is_the_departure_alone_gets_the_line_quoted_too() -> None:
    story = of_a_leaver("bob has left the building")
    verdict = explained(story)["leave-notice"]
    only = replace(verdict.hinted(""), witness=verdict.witness[:1])

    assert '"bob has left the building"' in explained(story, only)["leave-notice"].hint


def test_a_blank_that_nobody_sees_is_told() -> None:
    story = of_a_leaver("bob has left", source={"notices": {"left": "* {nick} left "}})

    assert '"* {nick} left" (with a blank at its end)' in explained(story)["leave-notice"].hint
