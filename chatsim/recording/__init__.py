"""From a live session to a scenario and a history: what a proxy saw goes in, steps come out.

`proxy` holds the sockets and forwards; it leaves a list of what it saw (`observed`). Everything else is pure.
"""
