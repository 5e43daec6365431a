"""A teacher's folder: scenarios, a profile, and an assignment that is right."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILES", "RIGHT", "SMALL", "write_folder"]

FILES = {
    "come.yaml": 'scenario: "people come"\nbots: [ann, bob]\nsteps: [join: everyone]\n',
    "go.yaml": 'scenario: "people go"\nbots: [ann, bob]\nsteps: [join: everyone, disconnect: bob]\n',
    "order.yaml": 'scenario: "in order"\nbots: [ann, bob]\ncheck: order\nsteps: [join: everyone, chat: {ann: {count: 3}}]\n',
    "room/soup.yaml": 'scenario: "soup"\nbots: [ann, bob]\nsteps: [join: everyone, enter: {everyone: "kitchen"}]\n',
    "room/tea.yaml": 'scenario: "tea"\nbots: [ann, bob]\nsteps: [join: everyone, enter: {everyone: "kitchen"}]\n',
    "wrong-greek/greek.yaml": 'scenario: "greek"\nbots: [ann, bob]\nsteps: [join: everyone, chat: {ann: "γειά"}]\n',
    "wrong-greek/ascii.yaml": "profile: ascii\nencoding: ascii\n",
    "wrong.yaml": "scenario: wrong\nbots: [ann]\nsteps: [joyn: ann]\n",
    "quiet.yaml": "profile: quiet\nhears: no\necho: yes\n",
    "wrong-profile.yaml": "profile: wrong\nframing: newlin\n",
}

SMALL = """\
assignment: chat-1
server: {command: "python3 server.py {port}", profile: lines}
parts:
  - {part: joining, points: 10, scenario: come.yaml}
"""

RIGHT = """\
assignment: chat-1
title: "A chat server"
server:
  find: ["server.py", "src/**/Server.java"]
  folder: "src"
  build: "javac -d ${OUT:-.} {file}"
  command: "python3 {file} --name {name} --in {folder} {host} {port}"
  profile: lines
parts:
  - part: starting
    points: 0.5
    scenario: come.yaml
  - part: joining
    title: "People come and go"
    points: 10
    scenarios: [come.yaml, "*.yaml"]
    properties: [join-notice, messages]
    credit: each
    needs: [starting]
    repeat: 3
  - part: hidden
    points: 4
    scenarios: order.yaml
    properties: order
    credit: rate
    needs: joining
    visible: never
  - part: later
    points: 2
    scenarios: [go.yaml]
    visible: after-due
  - part: style
    points: 3
    credit: look
limits: {memory: 512 MiB, data: 256MiB, processes: 64, descriptors: 100, cpu: 10s, file: 1 MB, disk: 10 MB, output: 64kB,
  run: 60s, build: 2min}
seed: 7
patience: 1.5
total: 100
due: 2026-11-30 23:59 +01:00
late: {per: 1 day, minus: 10%, at-most: 50%, grace: 15min}
unresolved: given
student: "{student}_*"
"""


def write_folder(folder: Path, *, wrong: bool = False) -> Path:
    """Writes the files; those that are wrong, too, where they are wanted."""
    for name, text in FILES.items():
        if wrong or not name.startswith("wrong"):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder
