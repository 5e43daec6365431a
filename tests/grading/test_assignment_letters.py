"""What a teacher reads whose assignment is wrong. The golden texts stand in letters.txt: a name, the assignment, the letter.

UPDATE_GOLDEN=1 writes the letters anew. Where an assignment is only a few keys, they stand in for those of a small one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from class_folder import write_folder

from chatsim.errors import AssignmentError
from chatsim.grading.reader import read_assignment

FILE = Path(__file__).parent / "letters.txt"
LETTER = re.compile(r"^=== (.*?)\n(.*?)^--- letter\n(.*?)\n(?=^===|\Z)", re.MULTILINE | re.DOTALL)
LETTERS = {name: (text, letter) for name, text, letter in LETTER.findall(FILE.read_text(encoding="utf-8"))}


def test_there_are_letters() -> None:
    assert len(LETTERS) > 30


@pytest.mark.parametrize("name", LETTERS)
def test_the_letter(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, letter = LETTERS[name]
    monkeypatch.chdir(write_folder(tmp_path, wrong=True))

    with pytest.raises(AssignmentError) as caught:
        read_assignment(text, "a.yaml")

    if os.environ.get("UPDATE_GOLDEN"):
        whole = FILE.read_text(encoding="utf-8")
        begins = f"=== {name}\n{text}--- letter\n"
        FILE.write_text(whole.replace(f"{begins}{letter}\n", f"{begins}{caught.value}\n"), encoding="utf-8")
        return
    assert str(caught.value) == letter
