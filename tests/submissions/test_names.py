"""Names become keys: safe as names of files anywhere, unique in a class, and the same wherever they are made."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.submissions.names import Pattern, keys_of, readable, students_of

RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{c}{n}" for c in ("com", "lpt") for n in "0123456789¹²³"
}


def keys(*names: str) -> list[str]:
    found = keys_of({name: name for name in names})
    return [found[name] for name in names]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("anna", "anna"),
        ("Anna Lee", "Anna_Lee"),
        ("Иван Петров", "Иван_Петров"),
        ("王小明", "王小明"),
        ("प्रिया", "प्रिया"),
        ("O'Neil, Jo", "O_Neil_Jo"),
        ("../../etc/passwd", "etc_passwd"),
        ("a\\b:c*d", "a_b_c_d"),
        ("jo@uni.edu", "jo@uni.edu"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("..hidden.", "hidden"),
        ("-rf", "rf"),
        ("con", "_con"),
        ("AUX.x", "_AUX.x"),
        ("com1", "_com1"),
        ("console", "console"),
        ("ann.html", "ann_html"),
        ("con.HTML", "con_html"),
        ("html", "html"),
    ],
)
def test_a_key_is_the_name_as_far_as_files_can_be_called_so(name: str, key: str) -> None:
    assert keys(name) == [key]


@pytest.mark.parametrize("name", ["", "???", "👍", "\u202e", "."])
def test_who_has_no_letters_gets_some(name: str) -> None:
    (key,) = keys(name)

    assert key.startswith("student-")
    assert keys(name, "anna") == [key, "anna"]


def test_names_that_a_file_system_takes_for_one_get_letters_of_their_own() -> None:
    names = ["Anna", "anna", "ANNA", "Ａnna", "Straße", "STRASSE", "ben"]

    made = keys(*names)

    assert len({key.casefold() for key in made}) == len(names)
    assert made[-1] == "ben"
    assert all("-" in key for key in made[:-1])


@given(
    st.lists(
        st.one_of(st.text(max_size=300), st.sampled_from(["Anna", "anna", "a b", "a_b", "con", "_con"])), unique=True
    )
)
def test_keys_are_unique_safe_and_depend_on_nothing_but_the_names(names: list[str]) -> None:
    made = keys_of({name: name for name in names})
    shuffled = list(names)
    random.Random(1).shuffle(shuffled)

    assert keys_of({name: name for name in shuffled}) == made
    assert len({unicodedata.normalize("NFKD", key).casefold() for key in made.values()}) == len(names)
    assert len({unicodedata.normalize("NFKC", key.upper()) for key in made.values()}) == len(names)
    for key in made.values():
        assert key
        assert unicodedata.normalize("NFC", key) == key
        assert len(key.encode()) <= 120
        assert not set(key) & set('<>:"/\\|?*\0\n ')
        assert key.isprintable()
        assert key[0] not in ".-"
        assert key[-1] not in ". "
        assert key.split(".")[0].lower() not in RESERVED


@given(st.text())
def test_a_readable_name_is_one_line_without_what_acts(name: str) -> None:
    shown = readable(name)

    assert len(shown) <= 200
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in shown)
    assert shown.strip() == shown
    assert "\u202e" not in shown


def test_a_student_without_a_readable_name_is_called_by_the_key() -> None:
    (student,) = students_of({"\u202e": "\u202e"}).values()

    assert student.name == student.key


@pytest.mark.parametrize(
    ("pattern", "name", "student"),
    [
        ("{student}", "Anna Lee", "Anna Lee"),
        ("{student}_*", "anna_chat_v2", "anna"),
        ("{student}_*", "anna", None),
        ("chat-1-{student}", "chat-1-anna-lee", "anna-lee"),
        ("*_{student}", "hw1_anna", "anna"),
        ("??-{student}.zip", "12-anna.zip", "anna"),
        ("{student}(*)", "anna (1)", "anna"),
        ("{student}", "  ", None),
        ("{student}_*", "Zoe\u0308_x", "Zo\u00eb"),
    ],
)
def test_the_pattern_says_what_of_a_name_is_the_student(pattern: str, name: str, student: str | None) -> None:
    assert Pattern(pattern).student(name) == student


@pytest.mark.parametrize("pattern", ["", "anna", "{student}{student}", "{name}"])
def test_a_pattern_names_the_student_once(pattern: str) -> None:
    with pytest.raises(ValueError, match="once"):
        Pattern(pattern)
