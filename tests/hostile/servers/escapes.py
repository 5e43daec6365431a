"""It leaves a process behind that has cut all ties but one: it holds the server's output, and prints for ever."""

import os
import sys

import lobby

TALKER = "import os\nwhile True: os.write(1, b'la' * 999)"

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve(sys.executable, [sys.executable, "-S", "-c", TALKER, *sys.argv[1:]], {})
    os._exit(0)
os.wait()
lobby.serve()
