"""It is right but for what it sends and prints besides: markup, ends of sections, commands of terminals and CI servers."""

import sys

import lobby

EVIL = (
    b"<script>alert(1)</script>]]>&amp;<!--\x00\x1b[31m\x1b]0;owned\x07\x9b2J",
    "\u202egnp.exe\u2066\u2028\ufeff\uffff".encode() + b"\xff\xed\xa0\x80",
    b"::error file=server.py::owned",
    b"##[add-mask]owned",
    b"not ok 1 - owned # SKIP",
    b"```\r</details><img src=x onerror=alert(1)>[x](javascript:x)",
)


def relay(client, nick, text):
    sys.stdout.buffer.write(b"\n".join(EVIL) + b"\n")
    sys.stdout.buffer.flush()
    for line in EVIL:
        for other in list(lobby.clients):
            if other is not client:
                lobby.give(other, nick.encode() + b": " + line + b"\n")


lobby.serve(said=relay)
