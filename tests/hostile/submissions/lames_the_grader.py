"""Who may not signal a process may still make it slow, or forbid it to open files: the system looks at the user only."""

import os
import resource

from lobby import serve, twice, victims

for each in victims():
    for deed in (
        lambda each=each: os.setpriority(os.PRIO_PROCESS, each, 19),
        lambda each=each: resource.prlimit(each, resource.RLIMIT_CORE, (4096, 4096)),
        lambda each=each: os.sched_setscheduler(each, os.SCHED_IDLE, os.sched_param(0)),
    ):
        try:
            deed()
        except OSError:
            pass
serve(twice)
