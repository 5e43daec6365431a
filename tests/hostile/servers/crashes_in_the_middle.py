"""The third message is too much for it."""

import os
import sys

import lobby

heard = []


def said(client, nick, text):
    heard.append(text)
    if len(heard) == 3:
        sys.stderr.write(
            'Traceback (most recent call last):\n  File "chat.py", line 3\nIndexError: pop from empty list\n'
        )
        sys.stderr.flush()
        os._exit(1)
    lobby.relay(client, nick, text)


lobby.serve(said=said)
