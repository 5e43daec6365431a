"""The dialects by name. A new one is a new file here and a line in this table."""

from reference_server.dialects.binary_length import BinaryLength
from reference_server.dialects.dialect import Dialect
from reference_server.dialects.echo import Echo
from reference_server.dialects.header_10 import Header10
from reference_server.dialects.header_64 import Header64
from reference_server.dialects.json_lines import JsonLines
from reference_server.dialects.lines import Lines
from reference_server.dialects.nickname_console import NicknameConsole
from reference_server.dialects.operator_desk import OperatorDesk
from reference_server.dialects.prompted import Prompted
from reference_server.dialects.relay import Relay

__all__ = ["DIALECTS", "Dialect"]

DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Lines,
        Echo,
        NicknameConsole,
        Relay,
        OperatorDesk,
        Prompted,
        Header64,
        Header10,
        BinaryLength,
        JsonLines,
    )
}
