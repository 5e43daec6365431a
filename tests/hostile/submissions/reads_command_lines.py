"""Whatever was said on a command line is seen by everybody who sees the process."""

from lobby import everybody, peek, serve, take

for number in everybody():
    take(peek(f"/proc/{number}/cmdline"))
serve()
