"""At the third message it stands still, as it is."""

import itertools
import signal
import threading

import lobby

heard = itertools.count(1)  # of each number there is one, in however many threads it is asked for


def said(client, nick, text):
    if next(heard) == 3:
        lobby.ring("stands still")
        # To this very thread: sent to the process it would stop another one first, and this one might say a little more.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
    lobby.relay(client, nick, text)


lobby.serve(said=said)
