"""The documents say what the program says. `python tests/update_docs.py` mends what has drifted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from update_docs import ROOT, Block, blocks, documents, output, refreshed, timeless

from chatsim.cli.exit_codes import EXIT_CODES
from chatsim.cli.main import VERBS

QUOTED = [block for document in documents() for block in blocks(document)]


@pytest.mark.parametrize("block", QUOTED, ids=lambda block: f"{block.document.name}: {block.command}")
def test_what_is_quoted_is_what_the_program_prints(block: Block) -> None:
    assert timeless(block.text) == timeless(output(block.command))


def test_a_quotation_that_has_drifted_is_seen_and_mended() -> None:
    drifted = "# Title\n\n<!-- $ chatsim steps -->\n```text\nnonsense\n```\n\nMore.\n"

    mended = refreshed(drifted)

    assert "nonsense" not in mended
    assert "disconnect      Leaves politely" in mended
    assert mended.startswith("# Title\n\n<!-- $ chatsim steps -->\n```text\n")
    assert mended.endswith("```\n\nMore.\n")
    assert refreshed(mended) == mended


def readme() -> str:
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("there is no README yet")
    return path.read_text(encoding="utf-8")


def test_the_readme_speaks_of_no_verb_that_does_not_exist() -> None:
    spoken = set(re.findall(r"`(?:\$ )?chatsim ([a-z]+)", readme()))

    assert spoken <= set(VERBS)


def test_a_table_of_exit_codes_in_the_readme_is_that_of_the_program() -> None:
    rows = dict(re.findall(r"^\| *`?(\d+)`? *\| *(.+?) *\|$", readme(), re.MULTILINE))

    assert {int(code): meaning for code, meaning in rows.items()} in ({}, EXIT_CODES)


def test_every_option_in_the_readme_exists() -> None:
    from chatsim.cli.main import _command

    known = {word for verb in VERBS for parameter in _command(verb).params for word in parameter.opts}
    known |= {"--help", "--version", "--install-completion", "--show-completion"}
    spoken = set(re.findall(r"chatsim [^\n`]*?(--[a-z-]+)", readme()))

    assert spoken <= known
