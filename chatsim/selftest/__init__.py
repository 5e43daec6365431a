"""The proof that chatsim can be trusted: servers with one mistake each are caught by the right property, right ones are not.

`subjects`: the servers; `schedule`: what is played against them, and when it is enough; `table`: what came of it;
`text`, `json` and `markdown` tell it. Nothing here plays anything: `cli/selftest.py` does.
"""
