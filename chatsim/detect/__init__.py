"""How is this server spoken to? From what its source says and from what it answers to its profile.

Reading the source is pure: texts in, clues out (`clues`). A clue is what somebody wrote, not what the server does; it
tells what to try first.
"""
