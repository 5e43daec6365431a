"""A small class: an assignment of two parts, and servers that are right, or wrong in one way."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ASSIGNMENT", "SERVERS", "hand_in", "set_assignment"]

EXAMPLE = Path(__file__).parents[2] / "docs/example"

TALK = """scenario: two talk, and each hears the other
bots: [ann, bob]
steps:
  - join: everyone
  - chat: {ann: "hello", bob: "good morning"}
"""
DROP = """scenario: one is cut off, and the others are told
bots: [ann, bob, cat]
check: [drop-notice, delivery]
steps:
  - join: everyone
  - drop: bob
  - chat: {ann: "where is bob?"}
"""
ASSIGNMENT = """assignment: chat-1
title: A chat server
server: {find: server.py, command: "python {file} {port}", profile: profile.yaml}
parts:
  - {part: talking, title: Two talk, points: 4, scenario: talk.yaml}
  - {part: dropping, title: One is cut off, points: 6, scenario: drop.yaml, needs: talking, repeat: 2, credit: rate}
seed: 7
patience: 0.5
"""

FORGETFUL = (EXAMPLE / "server.py").read_text(encoding="utf-8")
FORGETS = """        tell_all_but(client, f"{nick} has gone\\n")
    except ConnectionError:
        print(f"lost the connection to {nick}")
    finally:
"""
TELLS = """    except ConnectionError:
        print(f"lost the connection to {nick}")
    finally:
        tell_all_but(client, f"{nick} has gone\\n")
"""
assert FORGETS in FORGETFUL
RIGHT = FORGETFUL.replace(FORGETS, TELLS)
SERVERS: dict[str, dict[str, str]] = {
    "right": {"server.py": RIGHT},
    "forgetful": {"server.py": FORGETFUL},
    "echoing twice": {"server.py": RIGHT.replace("client.sendall(line.encode())", "client.sendall(line.encode() * 2)")},
    "broken": {"server.py": "def main(:\n"},
    "empty": {"readme.txt": "I was ill."},
}


def set_assignment(folder: Path, assignment: str = ASSIGNMENT) -> Path:
    """The assignment's file, with what it needs beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "profile.yaml").write_bytes((EXAMPLE / "profile.yaml").read_bytes())
    for name, text in (("talk.yaml", TALK), ("drop.yaml", DROP), ("assignment.yaml", assignment)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "assignment.yaml"


def hand_in(folder: Path, student: str, files: dict[str, str]) -> Path:
    """What a student hands in, as a folder."""
    for name, text in files.items():
        path = folder / student / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / student
