"""Which function judges which property. To add a property: its function, one line here, its words in `properties`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatsim.checks.blocking import no_head_of_line_blocking
from chatsim.checks.causal import causal_order
from chatsim.checks.cleanup import clean_exit, closes_connection, no_ghosts
from chatsim.checks.delivery import delivery
from chatsim.checks.echo import echo
from chatsim.checks.expectations import expectations
from chatsim.checks.fifo import fifo_order
from chatsim.checks.framing import framing
from chatsim.checks.integrity import attribution, intact, no_creation, no_duplication
from chatsim.checks.isolation import isolation
from chatsim.checks.leaks import no_memory_leak, no_socket_leak, no_thread_leak
from chatsim.checks.liveness import keeps_clients, no_crash_output, stays_up, still_serves
from chatsim.checks.malformed import survives_malformed
from chatsim.checks.membership import (
    drop_notice,
    join_notice,
    leave_notice,
    lets_in,
    nickname_released,
    roster,
    unique_nicknames,
)
from chatsim.checks.membership_order import membership_order
from chatsim.checks.spin import no_spin
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
    # membership
    "lets-in": lets_in,
    "join-notice": join_notice,
    "leave-notice": leave_notice,
    "drop-notice": drop_notice,
    "roster": roster,
    "unique-nicknames": unique_nicknames,
    "nickname-released": nickname_released,
    # cleanup
    "closes-connection": closes_connection,
    "no-ghosts": no_ghosts,
    "no-thread-leak": no_thread_leak,
    "no-socket-leak": no_socket_leak,
    "no-memory-leak": no_memory_leak,
    "no-spin": no_spin,
    "clean-exit": clean_exit,
    # liveness
    "stays-up": stays_up,
    "keeps-clients": keeps_clients,
    "still-serves": still_serves,
    "no-head-of-line-blocking": no_head_of_line_blocking,
    "survives-malformed": survives_malformed,
    "no-crash-output": no_crash_output,
    # the scenario's own
    "expectations": expectations,
}
