"""In a user namespace of its own everybody is root. Mounts what it likes there, and looks and calls from there."""

import os

from lobby import AIM, LIBC, call, in_child, own, peek, serve, socket, take

NEW_USER, NEW_MOUNTS, NEW_NETWORK, NEW_PIDS = 0x10000000, 0x00020000, 0x40000000, 0x20000000


def break_out():
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(NEW_USER | NEW_MOUNTS) != 0:
        return
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        try:
            with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            pass
    for place in (b"/tmp", b"/etc", b"/usr", b"/home"):
        LIBC.umount2(place, 2)  # what lies below a mount
    LIBC.umount2(b"/", 2)
    for path in [*AIM["assignment"], *AIM["secrets"]]:
        take(peek(path))
    for place in AIM["places"]:
        own(place)
    for number in ("1", str(os.getppid())):
        for kind in ("net", "mnt"):
            try:
                LIBC.setns(os.open(f"/proc/{number}/ns/{kind}", os.O_RDONLY), 0)
            except OSError:
                pass
    call(socket.AF_INET, tuple(AIM["tcp"]))


if AIM["bounded"]:
    in_child(break_out)
serve()
