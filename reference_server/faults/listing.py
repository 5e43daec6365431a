"""The faults as a list: for people, and as JSON for programs that play them all."""

import json

from reference_server.faults import FAULTS, about


def as_json() -> str:
    faults = [
        {
            "name": fault.name,
            "about": about(fault),
            "breaks": fault.breaks,
            "dialect": fault.dialects[0],
            "dialects": list(fault.dialects),
            "racy": fault.racy,
            "scenarios": list(fault.scenarios),
        }
        for fault in FAULTS.values()
    ]
    return json.dumps(faults, indent=2, ensure_ascii=False)


def as_text() -> str:
    widest = max(map(len, FAULTS))
    return "\n".join(f"{name:{widest}}  {about(fault)}" for name, fault in FAULTS.items())
