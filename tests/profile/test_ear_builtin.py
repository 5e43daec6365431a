"""In every dialect that chatsim ships, a right server is understood, however its bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overheard import Talk, cut

from chatsim.profile.phrases import NoticeHeard, RosterHeard, Unrecognised, Whole
from chatsim.profile.profile import Await
from chatsim.profile.reader import builtin_names, load_profile

TEXTS = ["HEAD", "so HEAD it is TAIL", 'naïve HEAD 漢字 \\ "quoted" 🙂 TAIL', "words of an author, unmarked"]


@pytest.mark.parametrize("name", builtin_names())
@settings(max_examples=40, deadline=None)
@given(
    said=st.lists(st.tuples(st.sampled_from(["bob", "cat"]), st.sampled_from(TEXTS[:3])), max_size=6),
    places=st.lists(st.integers(0, 10_000), max_size=10),
)
def test_what_is_said_and_told_is_heard_in_every_dialect(
    name: str, said: list[tuple[str, str]], places: list[int]
) -> None:
    profile = load_profile(name)
    talk = Talk(profile)
    voice = profile.public
    if profile.operator is not None:
        form, template = "reply", profile.operator.hears[0]
    elif voice.hears:
        form, template = "hears", voice.hears[0]
    elif voice.echo:
        form, template = "echo", voice.echo[0]
    else:
        return  # only the console hears
    kind = "reply" if form == "reply" else "public"
    frames = []
    for nick, text in said:
        speaker = {"echo": "ann", "reply": None}.get(form, nick)
        frames.append(talk.rendered(talk.said(text, speaker, kind=kind), template))
        frames += [talk.framed(notice.render({"nick": nick, "*": "?"})[0]) for notice in profile.joined[:1]]

    whole = profile.received.kind == "message"  # such a wire cuts nothing
    heard = talk.heard(*(frames if whole else cut(b"".join(frames), places)))

    assert [it for it in heard if isinstance(it, Whole)] == [Whole(n, form) for n in range(len(said))]
    notices = [(it.what, it.nick) for it in heard if isinstance(it, NoticeHeard)]
    assert notices == [("joined", nick) for nick, _ in said if profile.joined]
    assert not [it for it in heard if isinstance(it, Unrecognised)]


@pytest.mark.parametrize("name", builtin_names())
def test_the_join_of_every_dialect_is_understood(name: str) -> None:
    profile = load_profile(name)
    talk = Talk(profile)
    for step in profile.join:
        if isinstance(step, Await):
            ear = talk.ear(joined=False)
            said = step.templates[0].render({"nick": "ann", "*": "?"})[0]

            assert ear.await_(step.templates, profile.refuses) == []
            assert [type(it).__name__ for it in ear.hear(talk.framed(said))] == ["Awaited"]


@pytest.mark.parametrize("name", builtin_names())
def test_the_roster_of_every_dialect_is_understood(name: str) -> None:
    profile = load_profile(name)
    if profile.roster is None:
        return
    talk = Talk(profile)
    ear = talk.ear()
    ear.await_roster()
    template = profile.roster.answer[0]
    names = '"ann", "bob"' if template.shape == "json" else "ann, bob"
    answer = template.source.replace('["{nicks}"]', f"[{names}]").replace("{nicks}", names).replace("{*}", "?")
    ends = [it.source.replace("{*}", "?") for it in profile.roster.end]

    heard = ear.hear(b"".join(map(talk.framed, [answer, *ends])))

    assert heard == [RosterHeard(("ann", "bob"), not ends), *(RosterHeard((), True) for _ in ends)]
