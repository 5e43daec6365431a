"""What a person reads who has made a mistake in YAML: golden texts."""

from __future__ import annotations

import pytest

from chatsim.document import read

NEEDS = 'A text that begins with one of { } [ ] * & ! ? # : % @ > | ` or contains ": " needs quotes.'

GOLDEN = {
    "an unquoted text with a colon": (
        "says: {nick}: {text}",
        """\
f.yaml:1:7
  says: {nick}: {text}
        ^^^^^^^^^^^^^^ this text contains ": ", which begins a map
Put it in quotes.""",
    ),
    "an unquoted @": (
        "text: @ann",
        """\
f.yaml:1:7
  text: @ann
        ^^^^ a text can't begin with this character
Put it in quotes.""",
    ),
    "an unquoted %": (
        "- text: %d",
        """\
f.yaml:1:9
  - text: %d
          ^^ a text can't begin with this character
Put it in quotes.""",
    ),
    "a star": (
        "text: *bold*",
        """\
f.yaml:1:7
  text: *bold*
        ^^^^^^ * and & have a meaning of their own in YAML
Put it in quotes.""",
    ),
    "an alias": (
        "a: *x",
        """\
f.yaml:1:4
  a: *x
     ^^ "*x" is an alias: this language has none
If it is meant as text: put it in quotes.""",
    ),
    "an anchor": (
        "a: &x b",
        """\
f.yaml:1:4
  a: &x b
     ^^^^ "&x" is an anchor: this language has none
If it is meant as text: put it in quotes.""",
    ),
    "a quit word that is a tag": (
        "leave: !DISCONNECT",
        """\
f.yaml:1:8
  leave: !DISCONNECT
         ^^^^^^^^^^^ ! begins a tag: this language has none
If it is meant as text: put it in quotes.""",
    ),
    "a merge key": (
        "a:\n  <<: b",
        """\
f.yaml:2:3
    <<: b
    ^^ "<<" merges maps in YAML: this language has no merge keys""",
    ),
    "a key twice": (
        "a: 1\nb: 2\na: 3",
        """\
f.yaml:3:1
  a: 3
  ^ the key "a" stands here a second time (first in line 1)""",
    ),
    "a text that loses its end": (
        "enter: /join #{room}",
        """\
f.yaml:1:14
  enter: /join #{room}
               ^^^^^^^ YAML takes "#{room}" and what follows for a comment
Put it in quotes. (For a comment, leave a blank after the #.)""",
    ),
    "a text that is lost whole": (
        "room: #kitchen",
        """\
f.yaml:1:7
  room: #kitchen
        ^^^^^^^^ YAML takes "#kitchen" and what follows for a comment
Put it in quotes. (For a comment, leave a blank after the #.)""",
    ),
    "a step indented too far": (
        "steps:\n - a\n  - b",
        """\
f.yaml:2:4
   - a
     ^ this goes on in the next line without quotes
Put it in quotes. Or is the next line indented too far?""",
    ),
    "a key indented too little": (
        "a:\n  - b\n c: d",
        """\
f.yaml:3:2
   c: d
   ^ this fits nowhere: a key with the same indentation as those before is expected""",
    ),
    "a tab": (
        "a:\n\t- b",
        """\
f.yaml:2:1
  \t- b
  ^ YAML allows no tab here
Indent with blanks.""",
    ),
    "quotes left open": (
        'a: b\ntext: "abc\nc: d',
        """\
f.yaml:2:7
  text: "abc
        ^ these quotes are never closed""",
    ),
    "a backslash": (
        'a: "\\d"',
        """\
f.yaml:1:5
  a: "\\d"
      ^ in double quotes \\ begins an escape: write \\\\, or use single quotes""",
    ),
    "words after the quotes": (
        'a: "b" c',
        f"""\
f.yaml:1:8
  a: "b" c
         ^ this fits nowhere: a key with the same indentation as those before is expected
{NEEDS}""",
    ),
    "a map left open": (
        "a: {nick",
        f"""\
f.yaml:1:4
  a: {{nick
     ^ this map in {{ }} goes on with "," or ends with "}}"
{NEEDS}""",
    ),
    "a second document": (
        "a: b\n---\nc: d",
        """\
f.yaml:2:1
  ---
  ^ a second document begins here: one file, one document, so no "---" inside""",
    ),
    "a list as a key": (
        "{[a]: b}",
        """\
f.yaml:1:2
  {[a]: b}
   ^^^ a key must be a word, not a list
If it is meant as text: put it in quotes.""",
    ),
    "a line that is nothing": (
        "a: b\nc",
        """\
f.yaml:2:1
  c
  ^ this line is neither "key: value" nor "- item\"""",
    ),
    "wide characters before the place": (
        "漢字: *x",
        """\
f.yaml:1:5
  漢字: *x
        ^^ "*x" is an alias: this language has none
If it is meant as text: put it in quotes.""",
    ),
    "nothing": ("", "f.yaml is empty"),
    "only a comment": ("# hello\n", "f.yaml is empty: there are only comments in it"),
    "a control character": (
        "a: b\nc: \x07",
        """\
f.yaml:2:4
  c: \x07
     ^ YAML allows no control character such as U+0007""",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_letter(name: str) -> None:
    text, letter = GOLDEN[name]

    assert "\n".join(map(str, read(text, "f.yaml").problems)) == letter


@pytest.mark.parametrize(
    "text", ["a: #list\n  - b", "a: # no text\nb: c", "a: b # c", "a: b ## c", "a: 'b' #c", "#a\na: b"]
)
def test_a_comment_that_swallows_no_text_is_a_comment(text: str) -> None:
    assert read(text, "f.yaml").problems == ()


def test_bytes_that_are_no_utf8_are_shown_where_they_stand() -> None:
    (problem,) = read(b"a: b\nc: \xff", "f.yaml").problems

    assert str(problem.place) == "f.yaml:2:4"
    assert problem.what == "this byte is not UTF-8: save the file as UTF-8"


def test_a_nul_is_no_text() -> None:
    (problem,) = read("a: b\nc: \0", "f.yaml").problems

    assert (str(problem.place), problem.what) == ("f.yaml:2:4", "there is a NUL character here: this is no text file")


def test_all_mistakes_come_at_once_in_the_order_of_their_places() -> None:
    reading = read("a: *x\nb: &y c\nd: e #f\na: g", "f.yaml")

    assert [problem.place.line for problem in reading.problems if problem.place] == [1, 2, 3, 4]
