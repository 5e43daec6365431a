"""One text, both ways: what is sent, and what is recognised."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatsim.profile.templates import ALLOWED, PLACEHOLDERS, Template, TemplateError, Use, split_names

NICKS = {"nick": "joanna|ann|bob"}


def bindings(source: str, text: str, slots: dict[str, str] | None = None) -> dict[str, str] | None:
    match = Template(source).matcher(slots).fullmatch(text)
    return None if match is None else match.bindings


# --- rendering ----------------------------------------------------------------------------------------------------


def test_placeholders_are_filled_and_other_braces_stand_for_themselves() -> None:
    template = Template("{nick} {smiles} {} {: {{text}} {text}}")

    assert template.render({"nick": "ann", "text": "hi"}) == ("ann {smiles} {} {: {text} hi}",)
    assert template.fields == {"nick", "text"}


def test_next_ends_a_frame() -> None:
    template = Template("{nick}{next}{text}")

    assert template.render({"nick": "ann", "text": "hi"}) == ("ann", "hi")
    assert template.frames == (Template("{nick}"), Template("{text}"))


def test_a_json_object_is_sent_as_written_with_its_values_escaped() -> None:
    template = Template('{ "type": "say",  "text":"{text}" }')

    (sent,) = template.render({"text": 'a "b"\n漢'})

    assert sent == '{ "type": "say",  "text":"a \\"b\\"\\n漢" }'
    assert json.loads(sent)["text"] == 'a "b"\n漢'


def test_a_text_that_only_looks_like_json_is_sent_unescaped() -> None:
    assert Template("{nick: {nick}, text: {text}}").render({"nick": "ann", "text": '"'}) == ('{nick: ann, text: "}',)


def test_an_answer_takes_what_anything_matched() -> None:
    found = bindings("PING {*} of {*}", "PING 17 of 20")

    assert found == {"*": "17", "*2": "20"}
    assert Template("PONG {*}/{*}").render(found) == ("PONG 17/20",)
    assert Template("PONG {*}/{*}").render({"*": "17"}) == ("PONG 17/17",)


def test_a_regular_expression_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        Template("re:hi").render({})


# --- recognising --------------------------------------------------------------------------------------------------


def test_a_placeholder_matches_its_slot_only() -> None:
    assert bindings("{nick}: {text}", "bob: hi: there", NICKS) == {"nick": "bob", "text": "hi: there"}
    assert bindings("{nick}: {text}", "Users: ann, bob", NICKS) is None


def test_line_ends_around_a_match_do_not_count() -> None:
    match = Template("{nick} left\n").matcher(NICKS).fullmatch("\r\nbob left\r\n")

    assert match is not None
    assert (match.start, match.end) == (2, 10)


def test_a_repeated_placeholder_has_one_value() -> None:
    assert bindings("{nick} ({nick})", "ann (ann)", NICKS) == {"nick": "ann"}
    assert bindings("{nick} ({nick})", "ann (bob)", NICKS) is None


def test_anything_is_as_little_as_will_do_and_crosses_lines() -> None:
    match = Template("<{*}>").matcher().search("x <a\nb> <c>")

    assert match is not None
    assert match.bindings == {"*": "a\nb"}


def test_searching_finds_the_leftmost_from_a_position() -> None:
    matcher = Template("{nick} left").matcher(NICKS)
    glued = "ann leftbob left"

    first = matcher.search(glued)
    assert first is not None
    second = matcher.search(glued, first.end)

    assert second is not None
    assert (first.bindings, second.bindings) == ({"nick": "ann"}, {"nick": "bob"})


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-20T21:03:11.123456+00:00",
        "2026-11-20 21:03:11",
        "20/11/2026, 9:03 PM",
        "21:03",
        "21:03:11.120934",
        "Fri Nov 20 21:03:11 2026",
        "20 Nov 2026",
        "1763672591.25",
    ],
)
def test_times_as_servers_write_them(moment: str) -> None:
    assert bindings("[{time}] {nick}: {text}", f"[{moment}] ann: hi", NICKS) == {
        "time": moment,
        "nick": "ann",
        "text": "hi",
    }


def test_what_is_no_time() -> None:
    assert bindings("[{time}]", "[soon]") is None


@pytest.mark.parametrize("address", ["127.0.0.1:50123", "::1:50123", "[::1]:50123"])
def test_names_by_address(address: str) -> None:
    found = bindings("You are {ip}:{client-port}", f"You are {address}")

    assert found == {"ip": address[: -len(":50123")], "client-port": "50123"}


def test_a_regular_expression_binds_its_named_groups_to_what_they_may_be() -> None:
    source = r"re:^(?P<nick>\w+)\s*>+ (?P<text>.*)$"

    assert bindings(source, "ann  >> hi\n", NICKS) == {"nick": "ann", "text": "hi"}
    assert bindings(source, "eve > hi", NICKS) is None
    assert Template(source).fields == {"nick", "text"}


def test_a_regular_expression_goes_on_where_a_group_caught_a_stranger() -> None:
    match = Template(r"re:<(?P<nick>\w+)>").matcher(NICKS).search("<eve> <bob>")

    assert match is not None
    assert match.bindings == {"nick": "bob"}


# --- JSON ---------------------------------------------------------------------------------------------------------

SAID = '{"type":"message","from":"{nick}","text":"{text}"}'


def test_json_is_compared_as_json() -> None:
    arrived = '{"id": 7, "text": "\\u0061 \\"b\\"", "from": "ann",\n "type": "message"}'

    assert bindings(SAID, arrived, NICKS) == {"nick": "ann", "text": 'a "b"'}


@pytest.mark.parametrize(
    "arrived",
    [
        '{"type":"other","from":"ann","text":"x"}',
        '{"type":"message","text":"x"}',
        '{"type":"message","from":"eve","text":"x"}',
        '{"type":"message","from":["ann"],"text":"x"}',
        "[1]",
        "{",
        "message",
    ],
)
def test_json_that_is_another(arrived: str) -> None:
    assert bindings(SAID, arrived, NICKS) is None


def test_json_numbers_booleans_and_lists_are_equal_only_to_their_own_kind() -> None:
    source = '{"a":1,"b":true,"c":[1,{"d":null}]}'

    assert bindings(source, '{"a":1,"b":true,"c":[1,{"d":null,"e":0}]}') == {}
    assert bindings(source, '{"a":true,"b":true,"c":[1,{"d":null}]}') is None
    assert bindings(source, '{"a":1,"b":1,"c":[1,{"d":null}]}') is None
    assert bindings(source, '{"a":1,"b":true,"c":[1]}') is None


def test_anything_in_json_is_any_value() -> None:
    assert bindings('{"a":"{*}","b":"{*}"}', '{"b":"x","a":[1,2]}') == {"*": "[1, 2]", "*2": "x"}


def test_a_number_may_stand_for_a_placeholder() -> None:
    assert bindings('{"you":"{id}"}', '{"you":7}') == {"id": "7"}
    assert bindings('{"you":"7"}', '{"you":7}') is None


@pytest.mark.parametrize("source", ['{"nicks":["{nicks}"]}', '{"nicks":"{nicks}"}'])
def test_a_json_list_of_names_binds_them_all(source: str) -> None:
    found = bindings(source, '{"nicks":["ann","Li, Wei","\\"q\\""]}')

    assert found is not None
    assert split_names(found["nicks"]) == ("ann", "Li, Wei", '"q"')


def test_json_is_found_between_other_things() -> None:
    matcher = Template('{"type":"left","nick":"{nick}"}').matcher(NICKS)
    stream = 'hi {"x {"type":"joined"}{"type":"left","nick":"bob"} tail'

    match = matcher.search(stream)

    assert match is not None
    assert stream[match.start : match.end] == '{"type":"left","nick":"bob"}'
    assert matcher.search(stream, match.end) is None


def test_deep_json_is_no_match_and_no_crash() -> None:
    deep = '{"a":' * 50_000

    assert Template(SAID).matcher().fullmatch(deep) is None
    assert Template(SAID).matcher().search(deep) is None


# --- literals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        ("* {nick} joined", ("* ", " joined")),
        ("{nick}{next}: {text}", (": ",)),
        ('{"type":"bye \\"{nick}\\""}', ("type", 'bye "', '"')),
        (r"re:^(?P<nick>\w+) has (?:left|gone)\.$", (" has ", "left", "gone", ".")),
    ],
)
def test_the_literals_of_a_template(source: str, literals: tuple[str, ...]) -> None:
    assert Template(source).literals == literals


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "use", "what"),
    [
        ("{nik}: {text}", "received", "there is no placeholder `{nik}`. Did you mean `{nick}`?"),
        ("{Nick}: {text}", "received", "there is no placeholder `{Nick}`. Did you mean `{nick}`?"),
        ("{username}: {text}", "received", "there is no placeholder `{username}`. Did you mean `{nick}`?"),
        ("{client_port}", "received", "there is no placeholder `{client_port}`. Did you mean `{client-port}`?"),
        ("{*} hi", "sent", "`{*}` has no meaning in what is sent"),
        ("{end}", "received", "`{end}` has no meaning in what is received"),
        ("bye {end}", "awaited", "`{end}` stands alone: it awaits that the server closes"),
        ("python {prot}", "start", "there is no placeholder `{prot}`. Did you mean `{port}`?"),
        ("re:hi", "sent", "a regular expression has no meaning in what is sent"),
        ("re:(hi", "received", "this is no regular expression: missing ), unterminated subpattern"),
        ("re:(?P<nik>x)", "received", "a group `nik` has no meaning in what is received. Did you mean `nick`?"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(source: str, use: Use, what: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse(source, use=use)

    assert caught.value.what == what


@pytest.mark.parametrize(
    ("source", "use"),
    [
        ("{nick}", "sent"),
        ("{end}", "awaited"),
        ("{*}", "answer"),
        ("awk '{print} {nick}' {port}", "start"),
        ("{{nik}} {{name}} {xyzzy} {a b}", "received"),
        ("re:[[a] {nik}", "received"),
        ("listening on {port}", "ready"),
    ],
)
def test_what_is_right_is_taken(source: str, use: Use) -> None:
    assert Template.parse(source, use=use) == Template(source)


def test_a_slip_in_doubled_braces_is_literal() -> None:
    assert Template("{{name}} {{*}}").render({}) == ("{name} {*}",)


@given(source=st.text(alphabet='{}nicktex*:"\\[(?P<>re,1 é', max_size=40), use=st.sampled_from(sorted(ALLOWED)))
def test_any_text_is_a_template_or_a_template_error(source: str, use: Use) -> None:
    try:
        template = Template.parse(source, use=use)
    except TemplateError as error:
        assert error.what
        assert 0 <= error.offset <= len(source)
    else:
        template.matcher().fullmatch(source)
        template.matcher().search(source)
        assert "".join(template.literals) is not None


# --- both ways ----------------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)
literals = words.map(lambda word: word.replace("{", "(").replace("}", ")")).filter(
    lambda word: not word.startswith("re:")
)


@given(nick=words, text=words, first=literals, second=literals, third=literals)
def test_what_is_rendered_is_recognised_with_its_values(
    nick: str, text: str, first: str, second: str, third: str
) -> None:
    assume(second not in nick)
    template = Template(f"{first}{{nick}}{second}{{text}}{third}")
    values = {"nick": nick, "text": text}

    (sent,) = template.render(values)
    match = template.matcher({"nick": rf"[\s\S]{{{len(nick)}}}"}).fullmatch(sent)

    assert match is not None
    assert match.bindings == values


@given(nick=st.text(st.characters(exclude_categories=["Cs"])), text=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_rendered_as_json_is_recognised_with_its_values(nick: str, text: str) -> None:
    template = Template('{"from":"{nick}","deep":[{"text":"{text}"}]}')
    values = {"nick": nick, "text": text}

    (sent,) = template.render(values)
    match = template.matcher({"nick": r"[\s\S]*"}).fullmatch(sent)

    assert match is not None
    assert match.bindings == values


# --- names in a list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ann, bob,cat", ("ann", "bob", "cat")),
        ("@ann +bob\r\n- cat", ("ann", "bob", "cat")),
        ('["ann", "b\\"ob"]', ("ann", 'b"ob')),
        ("", ()),
        (" , ", ()),
    ],
)
def test_names_stand_between_commas_blanks_line_ends_and_quotes(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


def test_a_known_name_is_found_whole() -> None:
    assert split_names("@Ann Lee, bob, -x-", known=["Ann Lee", "Ann", "-x-"]) == ("Ann Lee", "bob", "-x-")


def test_a_known_name_inside_another_is_not_found_there() -> None:
    assert split_names("joanna anna", known=["ann"]) == ("joanna", "anna")


@given(names=st.lists(st.text(alphabet="abcé漢🙂", min_size=1, max_size=6), max_size=8))
def test_every_name_of_a_plain_list_comes_back(names: list[str]) -> None:
    assert split_names(", ".join(names)) == tuple(names)
    assert split_names(json.dumps(names)) == tuple(names)


def test_every_placeholder_has_a_place_where_it_may_stand() -> None:
    assert set(PLACEHOLDERS) == set().union(*ALLOWED.values())
