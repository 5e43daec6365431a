"""Scenarios that are right, and together use every verb and every detail of the language."""

from __future__ import annotations

from typing import Final

SIX: Final[tuple[str, ...]] = (
    """\
scenario: "however one goes, those before and those after him stay in touch"
bots: [early, mover, late]
steps:
  - join: early
  - for-each:
      of: [close, reset, half-close, mid-message]
      do:
        - join: mover
        - join: late
        - drop: {mover: it}
        - chat: {early: "anyone there?", late: "I am"}
        - disconnect: late
""",
    """\
scenario: "a storm: ten talk, five are reset, newcomers are served"
bots: {stay: 5, go: 5, newcomer: {}}
steps:
  - join: stay and go
  - together:
      - chat: {stay and go: {count: 50, every: 5ms}}
      - do: [{pause: 50ms..150ms}, {drop: go}]
  - join: newcomer
  - chat: {everyone: {count: 1}}
""",
    """\
scenario: "a reply never overtakes what it answers"
bots: [ann, bob, cat]
promises: {causal-order: yes, total-order: yes}
steps:
  - join: everyone
  - converse: {ann and bob: 100}
  - chat: {ann and bob: {count: 200}}
""",
    """\
scenario: "one name, two people; and it is free again afterwards"
bots: {ann: {}, cat: {}, twin: {nick: "ann"}}
promises: {unique-nicknames: yes}
steps:
  - join: ann and cat
  - join: {twin: refused}
  - drop: ann
  - join: twin
""",
    """\
scenario: "nobody suffers for a silent, a slow or a rude one"
bots: [ann, bob, silent, slow, rude]
steps:
  - connect: silent
  - join: everyone but silent
  - stall: slow
  - chat: {ann: {count: 100, size: 5kB}, bob: {count: 20, size: 1MB}}
  - send: {ann: {text: "naïve 漢字 🙂", in-pieces: bytes, every: 10ms}}
  - send: {rude: {garbage: utf-8}}
  - resume: slow
""",
    """\
scenario: "rooms and whispers keep to themselves, through a restart"
bots: [ann, bob, cat]
steps:
  - join: everyone
  - enter: {ann and bob: "kitchen", cat: "garden"}
  - chat: {ann: {text: "soup?", in: "kitchen"}}
  - whisper: {bob: {to: cat, text: "psst"}}
  - ask: {ann: roster}
  - server: restart
  - join: everyone
""",
)

EVERYTHING: Final = """\
scenario: every verb with every detail
bots: {ann: {nick: "Ann!", locale: ja}, bob: {}, cat: , readers: 12, few: [bob, cat], dog: {locale: ru_RU}}
seed: 007
promises: {total-order: yes, prompt-notices: no}
check: [order, delivery, cleanup]
steps:
  - join: {ann: accepted, few: either}
  - connect: dog
  - join: [dog]
  - join: readers
  - chat: everyone
  - chat: {ann: hello, bob: [one, two], everyone else: {count: 3, size: 5kB, every: 1ms..2ms, in: hall, wait: no}}
  - chat: {ann: {locale: ar_AA}}
  - converse: {ann and dog: {count: 4, locale: ja, in: hall}}
  - whisper: {ann: {to: bob, text: [a, b], count: 4}}
  - enter: {readers: hall}
  - exit: {readers: hall}
  - rename: {ann: anna}
  - ask: ann
  - send: {ann: "plain"}
  - send: {ann: {size: 1MB, in-pieces: 7}, dog: {text: x, glued: 3}}
  - send: {readers01: {garbage: endless}, readers02: {raw: "GET / HTTP/1.1"}, readers03: {hex: "00 ff 0A"}}
  - stall: readers04
  - resume: readers04
  - expect: {bob: hello, cat: [one, two], dog: {hears: [one, two], in-order: yes, from: bob, within: 2s}}
  - expect: {ann: {joined: readers01}}
  - expect: {ann: {left: readers01, within: 1s}}
  - expect: {ann: {line: "*** {nick} is here"}, dog: {roster: [ann, few]}}
  - expect: {readers01: {closed: yes}}
  - expect-nothing: {dog: {hears: hello, from: ann, private: yes}, ann: {hears: hello, in: garden}}
  - operator: {ann: "yes?", dog: [one, two]}
  - operator: "/stop"
  - expect-output: "[*] {nick}"
  - expect-output: {said: hello, by: ann, within: 100ms}
  - expect-output: {joined: ann}
  - expect-output: {left: dog}
  - together:
      - chat: {ann: x}
      - for-each: {of: [one, two], do: [chat: {dog: it}]}
      - do: [pause: 1s, settle]
  - disconnect: readers05
  - repeat:
      times: 3
      do:
        - join: readers05
        - drop: {readers05: vanish}
  - for-each: {of: everyone but few, do: [settle: ]}
  - settle
  - server: freeze
  - server: thaw
  - server: kill
  - server: restart
  - rejoin: {ann: refused}
  - join: everyone but readers05
  - disconnect: everyone
"""
