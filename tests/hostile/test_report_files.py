"""A server that means harm to whoever reads the report: every file is valid, and nothing of it acts on its reader."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from ground import Ended, Ground, in_good_order

from chatsim.report import json as report_json

CONTRACTS = Path(__file__).parents[1] / "report"
FILES = {"--json": "r.json", "--jsonl": "r.jsonl", "--junitxml": "r.xml", "--tap": "r.tap", "--ctrf": "r.ctrf"}


def schema(path: Path) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


REPORT = schema(Path(report_json.__file__).parent / "report.schema.json")


@pytest.fixture
def played(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ended:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    words = [word for pair in FILES.items() for word in pair]
    ended = in_good_order(ground, ground.against("means_harm", *words))
    assert ended.code == 1
    return ended


def test_each_file_is_valid_and_harmless(ground: Ground, played: Ended) -> None:
    told = {option: (ground.folder / name).read_text(encoding="utf-8") for option, name in FILES.items()}
    told["summary"] = (ground.folder / "summary.md").read_text(encoding="utf-8")

    REPORT.validate(json.loads(told["--json"]))
    REPORT.validate(json.loads(told["--jsonl"]))
    schema(CONTRACTS / "ctrf.contract.json").validate(json.loads(told["--ctrf"]))
    xmlschema.validate(told["--junitxml"], CONTRACTS / "xunit2.xsd")
    assert re.fullmatch(r"TAP version 14\n1\.\.1\n# Subtest: [^\n]*\n(    [^\n]*\n)+not ok 1 - [^\n]*\n", told["--tap"])

    assert "owned" in told["--json"]  # it came through, as text
    for option, text in told.items():
        assert all(character.isprintable() or character == "\n" for character in text), option
        assert option == "summary" or "##[" not in text, option  # no runner reads the summary
    assert [element.tag for element in ET.fromstring(told["--junitxml"]).iter("script")] == []


def test_the_console_commands_neither_a_terminal_nor_a_ci_server(played: Ended) -> None:
    lines = played.out.split("\n")

    assert all(line.isprintable() for line in lines)
    assert "##[" not in played.said
    commands = [line for line in lines if line.lstrip().startswith("::")]
    assert commands
    assert all(re.match(r"::(error|warning|notice) ", line) for line in commands)
    assert [line for line in commands if "file=server.py" in line.split("::")[1]] == []
