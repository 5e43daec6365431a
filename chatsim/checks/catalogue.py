"""Which function judges which property. To add a property: its function, one line here, its words in `properties`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatsim.checks.causal import causal_order
from chatsim.checks.delivery import delivery
from chatsim.checks.echo import echo
from chatsim.checks.fifo import fifo_order
from chatsim.checks.framing import framing
from chatsim.checks.integrity import attribution, intact, no_creation, no_duplication
from chatsim.checks.isolation import isolation
from chatsim.checks.membership_order import membership_order
from chatsim.checks.total import total_order
from chatsim.checks.verdict import Check

__all__ = ["CHECKS"]

CHECKS: Final[Mapping[str, Check]] = {
    # messages
    "delivery": delivery,
    "no-duplication": no_duplication,
    "no-creation": no_creation,
    "intact": intact,
    "framing": framing,
    "attribution": attribution,
    "echo": echo,
    "isolation": isolation,
    # order
    "fifo-order": fifo_order,
    "causal-order": causal_order,
    "total-order": total_order,
    "membership-order": membership_order,
}
