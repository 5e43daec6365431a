"""The documents say what the program says. `python tests/update_docs.py` mends what has drifted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from update_docs import (
    GENERATED,
    PLACES,
    ROOT,
    TABLES,
    Block,
    Table,
    blocks,
    change,
    changes,
    documents,
    files,
    generated,
    output,
    refreshed,
    tables,
    timeless,
)

from chatsim import ChatServer
from chatsim.checks.catalogue import CHECKS
from chatsim.checks.verdict import Outcome
from chatsim.cli.exit_codes import EXIT_CODES, GRAVEST_FIRST, INTERRUPTED
from chatsim.cli.formats import WHOLE
from chatsim.cli.main import VERBS
from chatsim.grading import keys as grading_keys
from chatsim.grading.reader import read_assignment
from chatsim.grading.server_rules import PLACEHOLDERS as OF_SERVERS
from chatsim.history import FORMS, KINDS, Header, History, Message
from chatsim.profile.reader import read_profile
from chatsim.profile.templates import PLACEHOLDERS
from chatsim.properties import GROUPS, PROPERTIES
from chatsim.scenario.reader import TOP_KEYS, read_scenario
from chatsim.selftest.subjects import Subject, read_faults

QUOTED = [block for document in documents() for block in blocks(document) if block.place is None]
AT_PLACES = [
    [block for block in blocks(document) if block.place == place]
    for document in documents()
    for place in sorted({block.place for block in blocks(document) if block.place is not None})
]
SHOWN = [table for document in documents() for table in tables(document)]
EXAMPLES = [
    (document.name, text)
    for document in documents()
    for text in re.findall(r"^```yaml\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize("block", QUOTED, ids=lambda block: f"{block.document.name}: {block.command}")
def test_what_is_quoted_is_what_the_program_prints(block: Block) -> None:
    assert timeless(block.text) == timeless(block.now())


@pytest.mark.parametrize("quoted", AT_PLACES, ids=lambda quoted: f"{quoted[0].document.name}: {quoted[0].place}")
def test_what_is_quoted_is_what_a_reader_gets_who_gives_the_commands_one_after_the_other(
    quoted: list[Block], tmp_path: Path
) -> None:
    PLACES[str(quoted[0].place)](tmp_path)

    for block in quoted:
        assert timeless(block.text) == timeless(block.now(tmp_path))


@pytest.mark.parametrize(("old", "new", "text"), [shown for document in documents() for shown in changes(document)])
def test_a_change_that_is_shown_is_how_the_files_differ(old: str, new: str, text: str) -> None:
    assert text == change(old, new)


@pytest.mark.parametrize(("name", "text"), [shown for document in documents() for shown in generated(document)])
def test_what_is_made_from_the_code_is_as_the_code_says(name: str, text: str) -> None:
    assert text == GENERATED[name]()


def test_all_that_can_be_made_from_the_code_is_shown_somewhere() -> None:
    assert {name for document in documents() for name, _ in generated(document)} == set(GENERATED)


def test_a_quotation_that_has_drifted_is_seen_and_mended() -> None:
    drifted = "# Title\n\n<!-- $ chatsim steps -->\n```text\nnonsense\n```\n\nMore.\n"

    mended = refreshed(drifted)

    assert "nonsense" not in mended
    assert "disconnect      Leaves politely" in mended
    assert mended.startswith("# Title\n\n<!-- $ chatsim steps -->\n```text\n")
    assert mended.endswith("```\n\nMore.\n")
    assert refreshed(mended) == mended


@pytest.mark.parametrize(("path", "text"), [shown for document in documents() for shown in files(document)])
def test_a_file_that_is_shown_is_as_it_is(path: str, text: str) -> None:
    assert text == (ROOT / path).read_text(encoding="utf-8")


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", SHOWN, ids=lambda table: f"{table.document.name}: {table.name}")
def test_a_table_that_the_code_has_too_is_the_same(table: Table) -> None:
    assert table.text == TABLES[table.name]()


def test_every_table_of_the_code_is_shown_somewhere() -> None:
    assert {table.name for table in SHOWN} == set(TABLES)


def test_a_table_that_has_drifted_is_mended() -> None:
    mended = refreshed("Before.\n\n<!-- table: bounds -->\n\n| nonsense |\n\nAfter.\n")

    assert "nonsense" not in mended
    assert "| bots in one scenario | 20,000 |" in mended
    assert mended.startswith("Before.\n\n") and mended.endswith(" |\n\nAfter.\n")


def rows(document: str, mark: str) -> list[list[str]]:
    """The cells of the table after `<!-- checked: MARK -->`, without its head."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = re.search(rf"^<!-- checked: {re.escape(mark)} -->\n\n((?:\|[^\n]*\n)+)", text, re.MULTILINE)
    assert found is not None, f"{document} has no table {mark}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def in_ticks(cells: list[list[str]]) -> list[str]:
    """All that stands in back ticks in the first cells."""
    return [name for row in cells for name in re.findall(r"`([^`]+)`", row[0])]


@pytest.mark.parametrize("group", GROUPS)
def test_the_properties_are_those_of_the_catalogue_and_are_violated_when_it_says(group: str) -> None:
    told = [(row[0].strip("`"), row[1]) for row in rows("docs/properties.md", group)]

    assert told == [(known.name, known.violated_when) for known in PROPERTIES if known.group == group]


def test_it_is_told_which_properties_are_not_judged_yet() -> None:
    told = {
        row[0].strip("`") for group in GROUPS for row in rows("docs/properties.md", group) if "not judged" in row[2]
    }

    assert told == {known.name for known in PROPERTIES} - set(CHECKS)


@pytest.mark.parametrize(
    ("mark", "names"),
    [
        ("kinds", KINDS),
        ("forms", FORMS),
        ("header", tuple(Header.__slots__)),
        ("message", tuple(Message.__slots__)),
    ],
)
def test_the_history_is_described_whole(mark: str, names: tuple[str, ...]) -> None:
    assert sorted(in_ticks(rows("docs/history.md", mark))) == sorted(names)


def test_the_history_that_is_shown_can_be_read() -> None:
    shown = re.search(r"```json\n(.*?)```", (ROOT / "docs/history.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None

    history = History.read(shown[1].splitlines(keepends=True))

    assert [entry.kind for entry in history] == ["step", "connect", "send", "heard"]


@pytest.mark.parametrize(
    "played",
    [
        "scenarios/rooms.yaml",
        "scenarios/half.yaml --profile prompted",
        "scenarios/operator.yaml --profile operator-desk",
        "docs/example/cut-off.yaml --profile docs/example/profile.yaml",
    ],
)
def test_no_entry_carries_what_is_not_described(played: str, tmp_path: Path) -> None:
    described = {row[0].strip("`"): set(re.findall(r"`([a-z_]+)`", row[2])) for row in rows("docs/history.md", "kinds")}
    recorded = tmp_path / "run.jsonl"
    output(f"chatsim run {played} --seed 7 --history {recorded}")

    with recorded.open(encoding="utf-8") as lines:
        history = History.read(lines)

    assert len(history) > 50
    assert [(entry.kind, key) for entry in history for key in entry.detail if key not in described[entry.kind]] == []


def test_every_sign_of_the_picture_is_explained() -> None:
    from chatsim.report.spacetime.text import PLAIN, SIGNS

    told = {row[0].strip("`"): row[1].strip("`") for row in rows("docs/report.md", "signs")}

    assert told == {sign: sign.translate(PLAIN) for sign in SIGNS.values()}


def test_every_placeholder_is_explained() -> None:
    text = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")
    table = text[text.index("| placeholder | stands for |") : text.index("Where each may stand")]

    assert sorted(re.findall(r"`\{([^}`]+)\}`", "".join(row.split("|")[1] for row in table.splitlines() if row))) == (
        sorted(PLACEHOLDERS)
    )


def test_the_keys_of_a_scenario_are_those_of_its_reader() -> None:
    text = (ROOT / "docs/scenarios.md").read_text(encoding="utf-8")
    table = text[text.index("| key | value | meaning |") : text.index("`chatsim validate FILE` finds")]

    assert set(re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)) == {name for name, _ in TOP_KEYS}


@pytest.mark.parametrize(("head", "words"), [("credit", grading_keys.CREDITS), ("visible", grading_keys.VISIBILITIES)])
def test_the_words_of_an_assignment_are_those_of_its_reader(head: str, words: tuple[str, ...]) -> None:
    text = (ROOT / "docs/assignment.md").read_text(encoding="utf-8")
    table = text[text.index(f"\n\n| `{head}` |") + 2 :].split("\n\n")[0]

    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == (head, *words)


def test_every_placeholder_of_an_assignments_commands_is_explained() -> None:
    text = (ROOT / "docs/assignment.md").read_text(encoding="utf-8")
    table = text[text.index("| placeholder | stands for |") :].split("\n\n")[0]

    assert re.findall(r"`\{([a-z]+)\}`", "".join(row.split("|")[1] for row in table.splitlines())) == [*OF_SERVERS]


def test_the_selftests_table_speaks_of_faults_and_properties_that_exist() -> None:
    text = (ROOT / "docs/selftest.md").read_text(encoding="utf-8")
    table = text[text.index("<!-- the table: begin -->") :]
    faults = re.findall(r"^\| `([a-z0-9-]+)`.*:", table, re.MULTILINE)
    told = {
        name for line in table.splitlines() for cell in line.split("|")[2:] for name in re.findall(r"`([^`]+)`", cell)
    }

    assert sorted(faults) == sorted(subject.name for subject in known_faults())
    assert told <= {known.name for known in PROPERTIES}


def known_faults() -> tuple[Subject, ...]:
    return read_faults(output("reference_server --list-faults --json"))


# --- the architecture ------------------------------------------------------------------------------------------------


def architecture() -> str:
    return (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_rows_are_those_of_the_import_contract() -> None:
    found = re.search(r"^<!-- checked: rows -->\n\n```text\n(.*?)```$", architecture(), re.MULTILINE | re.DOTALL)
    assert found is not None
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")

    assert found[1].splitlines() == [layer.replace("chatsim.", "") for layer in layers]


def test_every_room_has_its_line_in_the_map() -> None:
    there = {
        path.stem
        for path in (ROOT / "chatsim").iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }

    assert sorted(in_ticks(rows("ARCHITECTURE.md", "rooms"))) == sorted(there)


def test_every_module_of_the_engine_is_in_its_map() -> None:
    text = architecture()
    table = text[text.index("| module | question that it answers |") : text.index("## I am the line")]
    told = re.findall(r"`([a-z]+)`", "".join(line.split("|")[1] for line in table.splitlines() if line))

    assert sorted(told) == sorted(path.stem for path in (ROOT / "chatsim/engine").glob("[!_]*.py"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(chatsim(?:\.\w+){2,})`", architecture()))))
def test_what_the_architecture_names_exists(name: str) -> None:
    words = name.split(".")
    modules = [count for count in range(len(words), 0, -1) if is_module(".".join(words[:count]))]
    found: object = import_module(".".join(words[: modules[0]]))
    for word in words[modules[0] :]:
        found = getattr(found, word)

    assert found is not None


def is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`((?:tests|chatsim|reference_server)/[\w./]+)`", architecture())))
)
def test_what_the_architecture_points_to_is_there(name: str) -> None:
    assert (ROOT / name).exists()


# --- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("document", "text"), EXAMPLES, ids=lambda value: value.split("\n")[0][:60])
def test_an_example_is_right(document: str, text: str, tmp_path: Path) -> None:
    if text.startswith("scenario:"):
        read_scenario(text, document)
    elif text.startswith("assignment:"):
        folder = ROOT / "docs/example/class"
        if document == "grading.md":
            folder = tmp_path
            PLACES["school"](folder)
        read_assignment(text, str(folder / "assignment.yaml"))
    else:
        assert text.startswith("profile:"), "an example is a whole scenario, profile or assignment"
        read_profile(text, document)


@pytest.mark.parametrize("file", ["docs/example/profile.yaml", "docs/example/cut-off.yaml", "scenarios/lobby.yaml"])
def test_the_readme_shows_the_files_that_it_plays(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines(keepends=True)
    written = "".join(line for line in lines if not line.startswith("#"))

    assert f"```yaml\n{written}```" in readme()


def test_the_mistake_of_the_example_is_mended_as_the_readme_says(tmp_path: Path) -> None:
    said = '        tell_all_but(client, f"{nick} has gone\\n")\n'
    wrong = (ROOT / "docs/example/server.py").read_text(encoding="utf-8")
    assert wrong.count(said) == 1
    mended = wrong.replace(said, "").replace("    finally:\n", "    finally:\n" + said)
    (tmp_path / "server.py").write_text(mended, encoding="utf-8")
    profile = tmp_path / "profile.yaml"
    profile.write_bytes((ROOT / "docs/example/profile.yaml").read_bytes())

    told = output(f"chatsim run docs/example/cut-off.yaml --profile {profile} --seed 7")

    assert told.startswith("PASSED")


def test_the_server_at_the_end_of_the_tutorial_fails_no_scenario_that_it_failed_before(tmp_path: Path) -> None:
    PLACES["tutorial-7"](tmp_path)
    shutil.copy(ROOT / "docs/example/tutorial/chat8.py", tmp_path / "chat.py")
    with (tmp_path / "chat.yaml").open("a", encoding="utf-8") as profile:
        profile.write("slow-readers: may-close\n")
    own = " ".join(sorted(path.name for path in tmp_path.glob("[1-9]-*.yaml")))

    told = output(f"chatsim run {own} scenarios/silent.yaml scenarios/flood.yaml --profile chat.yaml -q", tmp_path)

    assert told.splitlines()[-1] == "8 scenarios: 8 passed"


# --- the readme ------------------------------------------------------------------------------------------------------


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_conversation_of_the_readme_is_what_the_example_says() -> None:
    found = re.search(r"^```text\n(ann  .*?)^```$", readme(), re.MULTILINE | re.DOTALL)
    assert found is not None
    told = [re.split(r" {3,}", line) for line in found[1].splitlines()]
    typed = [said for said, *by in told if by and by[0].startswith("what you type")]
    assert typed == ["ann", "hi bob"]
    with ExitStack() as stack:
        server = stack.enter_context(ChatServer(profile=ROOT / "docs/example/profile.yaml"))

        def say(lines: TextIO, text: str) -> None:
            lines.write(f"{text}\n")
            lines.flush()

        def client(name: str, of: ExitStack) -> TextIO:
            connection = of.enter_context(socket.create_connection(server.address, timeout=10))
            lines = of.enter_context(connection.makefile("rw", encoding="utf-8"))
            say(lines, name)
            return lines

        ann = client("ann", stack)
        heard = [ann.readline()]
        with ExitStack() as inner:
            bob = client("bob", inner)
            say(bob, "hi ann")
            heard += [ann.readline(), ann.readline()]
            say(ann, "hi bob")
            assert [bob.readline(), bob.readline()] == ["Hello, bob!\n", "<ann> hi bob\n"]
        heard += [ann.readline()]

    assert [line.rstrip("\n") for line in heard] == [said for said, *_ in told if said not in typed]


def test_a_profile_that_is_shown_and_names_a_class_is_the_one_of_the_example() -> None:
    """It can only be read beside its module, so it is no example like the others."""
    shown = re.search(
        r"^```text\n(profile: pickles\n.*?)^```$",
        (ROOT / "docs/profiles.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert shown is not None
    there = (ROOT / "docs/example/python/pickles.yaml").read_text(encoding="utf-8")

    assert shown[1].splitlines() == [line for line in there.splitlines() if not line.startswith("about:")]


def test_the_files_for_programs_are_those_that_can_be_written() -> None:
    text = (ROOT / "docs/formats.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(--[a-z]+) F` \|", text, re.MULTILINE))

    assert told == {*WHOLE, "--jsonl"} - {"--mermaid"}  # a picture, and told of in report.md


@pytest.mark.parametrize("document", ["README.md", "docs/properties.md"])
def test_the_outcomes_are_those_that_a_check_can_give(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    table = text[text.index("| outcome | meaning |") :].split("\n\n")[0]

    told = [name.replace(" ", "-") for name in re.findall(r"^\| `?([a-z][a-z -]+?)`? \|", table, re.MULTILINE)]
    assert told == ["outcome", *Outcome]


def test_the_two_commands_are_one_line_each() -> None:
    for mark in ("the main job", "the tests"):
        found = re.search(rf"^<!-- {mark} -->\n```sh\n(python3 [^\n]+)\n```$", readme(), re.MULTILINE)

        assert found is not None, f"the command for {mark} is missing"


def test_no_link_leads_nowhere() -> None:
    broken = [
        f"{document.name}: {link}"
        for document in documents()
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]

    assert broken == []


def anchors(document: Path) -> set[str]:
    """The headings of a document as the repository's page names them."""
    text = re.sub(r"^(```+).*?^\1$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", head).lower() for head in re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", head.strip()).replace(" ", "-") for head in plain}


def test_no_link_into_a_document_misses_its_heading() -> None:
    broken = [
        f"{document.name}: {link}#{anchor}"
        for document in documents()
        for link, anchor in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", document.read_text(encoding="utf-8"))
        if anchor not in anchors(document.parent / link if link else document)
    ]

    assert broken == []


def test_a_table_ends_where_a_blank_line_says_so() -> None:
    """Else the page of the repository takes what follows for one more row."""
    glued = [
        f"{document.name}: {line}"
        for document in documents()
        for line in re.findall(r"^\|.*\|\n([^|\n].*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert glued == []


@pytest.mark.parametrize(("document", "place"), [("start.md", "start"), ("tutorial.md", "tutorial-1")])
def test_every_command_for_beginners_can_be_given_as_it_stands_there(document: str, place: str, tmp_path: Path) -> None:
    """Of whole folders one scenario is played: all of them take minutes."""
    PLACES[place](tmp_path)
    shutil.copy(ROOT / "docs/example/server.py", tmp_path)
    with ChatServer(profile=ROOT / "docs/example/profile.yaml") as server:
        given = [
            line.replace("HOST:PORT", "{}:{}".format(*server.address))
            + (" -k reset" if "run scenarios " in line else "")
            for line in commands(ROOT / "docs" / document)
        ]
        codes = {}
        for line in given:
            shutil.copy(ROOT / "docs/example/profile.yaml", tmp_path / "mine.yaml")  # as detected from its command
            codes[line] = exit_code_of(line, tmp_path)

    assert len(codes) >= 4
    assert {line: code for line, code in codes.items() if code not in (0, 1)} == {}


def exit_code_of(line: str, folder: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "chatsim", *shlex.split(line)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=90,
        check=False,
    )
    return done.returncode


def test_who_starts_installs_as_the_readme_says() -> None:
    found = re.search(r"^<!-- the main job -->\n```sh\n([^\n]+)\n```$", readme(), re.MULTILINE)
    start = (ROOT / "docs/start.md").read_text(encoding="utf-8")
    assert found is not None

    *install, _ = found[1].split(" && ")

    assert "```sh\n" + "".join(f"{line}\n" for line in install) + ". .venv/bin/activate\n```" in start


def commands(document: Path) -> Iterator[str]:
    """Every command line that a document shows: a line of a block, or a quotation, that begins with `chatsim`."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```(?:sh|text|yaml|console)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [*(line for block in blocks for line in block.splitlines()), *re.findall(r"`([^`]+)`", plain)]
    for line in lines:
        found = re.match(
            r"\s*(?:- (?:run|script): |- |\$ )?(?:\.venv/bin/)?chatsim ([a-z]+(?: .*)?)$", " ".join(line.split())
        )
        if found is not None and found[1].split()[0] in VERBS:
            yield found[1]


SPOKEN = sorted({(document.name, line) for document in documents() for line in commands(document)})


def test_commands_are_found_in_documents() -> None:
    assert len(SPOKEN) > 100


@pytest.mark.parametrize(("document", "line"), SPOKEN)
def test_a_command_that_is_shown_can_be_said(document: str, line: str) -> None:
    """Its options are there and have what they need. That it does what is said of it is a matter of other tests."""
    from chatsim.cli.main import _command

    verb, *words = shlex.split(re.split(r" (?:\d?>|\||&&|;) ", line)[0], comments=True)
    command = _command(verb)

    # An option that a sentence speaks of stands there without its value.
    takes = {word for each in command.params if not _alone(each) for word in each.opts}
    rest = ["X"] if words and words[-1].startswith("-") and words[-1] in takes else []
    command.make_parser(command.context_class(command)).parse_args([*words, *rest])


def _alone(option: Any) -> bool:
    return getattr(option, "is_flag", False) or getattr(option, "count", False)


def test_a_command_that_can_not_be_said_is_seen() -> None:
    with pytest.raises(Exception, match="No such option: --sped"):
        test_a_command_that_is_shown_can_be_said("a document", "run storm.yaml --sped 7 > out.txt")


def test_the_documents_speak_of_no_verb_that_does_not_exist() -> None:
    said = re.compile(r"`(?:\$ )?chatsim ([a-z]+)[^`\n]*`")
    spoken = {
        (document.name, verb) for document in documents() for verb in said.findall(document.read_text(encoding="utf-8"))
    }

    assert sorted(pair for pair in spoken if pair[1] not in VERBS) == []


def test_a_table_of_exit_codes_in_the_readme_is_that_of_the_program() -> None:
    rows = dict(re.findall(r"^\| *`?(\d+)`? *\| *(.+?) *\|$", readme(), re.MULTILINE))

    assert {int(code): meaning for code, meaning in rows.items()} in ({}, EXIT_CODES)


def test_every_option_that_a_document_shows_exists() -> None:
    from chatsim.cli.main import _command

    known = {word for verb in VERBS for parameter in _command(verb).params for word in parameter.opts}
    known |= {"--help", "--version", "--install-completion", "--show-completion"}
    texts = [document.read_text(encoding="utf-8") for document in documents()]
    calls = [call for text in texts for call in re.findall(r"\bchatsim [a-z]+[^\n`]*", text)]
    spoken = {
        (call, option) for call in calls for option in re.findall(r"(?<= )--[a-z][a-z-]+", call.partition(" -- ")[0])
    }

    assert [call for call, option in sorted(spoken) if option not in known] == []


@pytest.mark.parametrize("document", ["README.md", "docs/cli.md"])
def test_which_of_several_exit_codes_counts_is_told_as_it_is(document: str) -> None:
    order = ", ".join(str(code) for code in (INTERRUPTED, *GRAVEST_FIRST))

    assert order in " ".join((ROOT / document).read_text(encoding="utf-8").split())
