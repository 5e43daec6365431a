"""The zoo of faults: servers with one mistake each, as students make them, to test chat testers with.

    textbook.py    the server that they all are, without a mistake
    speech.py      how it puts things, dialect by dialect
    fault.py       what there is to say about a fault
    one_thread.py  the same server with one thread for all, for mistakes that end everything

A new fault is a class in the file of its family, and a line here.
"""

from reference_server.faults import blocking, cleanup, crashes, ending, members, messages, orders, reading
from reference_server.faults.fault import Fault, about
from reference_server.faults.speech import SPEECHES
from reference_server.faults.textbook import ChatServer

__all__ = ["FAULTS", "NO_FAULT", "Fault", "about", "server_with"]

NO_FAULT = "none"  # the textbook server as it should be

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        # messages
        messages.TakesOutTheDeadWhileLooping,
        messages.DeadClientStopsTheBroadcast,
        messages.OnlyTheFirstLine,
        messages.OneRecvIsOneObject,
        messages.PrintsOnlyTheFirst,
        reading.LosesLongLines,
        messages.ListedTwice,
        messages.QuitWordIsBroadcast,
        messages.KnowsOnlyAscii,
        messages.LowersTheCase,
        messages.CountsCharacters,
        reading.CutsLongLines,
        reading.PiecesOfLongLines,
        reading.RecvGivesAllThatWasAskedFor,
        reading.TearsCharacters,
        reading.OneRecvIsOneMessage,
        messages.SpeaksForTheLastOne,
        messages.SpeaksUnderTheOldName,
        messages.EchoesToTheSender,
        messages.LeavesOutTheSender,
        messages.GivesNoReceipt,
        messages.EchoesToAll,
        messages.WhispersAloud,
        messages.RoomsHaveNoWalls,
        messages.TellsWhoOnlyConnected,
        messages.AnswersTheNewest,
        # order
        orders.ThreadForEachMessage,
        orders.NewestFirst,
        orders.RepliesOvertake,
        orders.BroadcastsWithoutTheLock,
        orders.NoticesOvertake,
        orders.JoinsAreToldLater,
        # membership
        members.CountsOnlyUp,
        members.ServesOneAfterTheOther,
        members.TellsNobodyOfAJoin,
        members.TellsNobodyOfALeave,
        members.SaysGoodbyeTwice,
        members.OnlyTheQuitWordIsLeaving,
        members.AResetIsNotLeaving,
        members.MissedOnlyWhenSomebodySpeaks,
        members.TheRosterLacksTheLast,
        members.TakesAnyName,
        members.RenamesToAnyName,
        members.ChecksAndThenAdds,
        members.NamesAreNeverReleased,
        members.OnlyTheQuitWordReleasesTheName,
        members.TheOldNameStaysTaken,
        # cleanup
        cleanup.NeverCloses,
        members.TheRosterNeverForgets,
        members.TheRosterKeepsTheOldName,
        cleanup.EndOfFileIsNotLeaving,
        cleanup.WriterIsNeverTold,
        cleanup.HeartbeatGoesOn,
        cleanup.KeepsLogFilesOpen,
        cleanup.KeepsEveryTranscript,
        cleanup.QueuesWithoutBound,
        cleanup.ForgetsTheBreak,
        cleanup.NeverWaitsForAClient,
        ending.WaitsForItsThreads,
        ending.CatchesCtrlCToo,
        ending.LeavesItsHelperBehind,
        ending.ThePortStaysTaken,
        # liveness
        crashes.AResetEndsTheServer,
        crashes.HalfACharacterEndsTheServer,
        crashes.GoesWithTheLastButOne,
        reading.HalfACharacterEndsTheSession,
        crashes.ErrorsEndTheSpeaker,
        crashes.PutsOutTheQuiet,
        crashes.KeepsTheLockAfterAnError,
        crashes.TheDoorkeeperDies,
        blocking.TheSlowestReaderDecides,
        blocking.GreetsInTheAcceptLoop,
        blocking.ReadsUnderTheLock,
        blocking.WaitsForTheEndOfTheLine,
        crashes.BadBytesEndTheServer,
        crashes.ABadLengthEndsTheServer,
        crashes.BadJsonKeepsTheLock,
        crashes.CatchesNothing,
        crashes.BadBytesEndTheThread,
        # the scenario's own
        messages.PrintsNothing,
    )
}


def server_with(fault: str, dialect: str) -> ChatServer:
    """The textbook server with this fault, or without one."""
    speech = SPEECHES[dialect]()
    return ChatServer(speech) if fault == NO_FAULT else FAULTS[fault](speech)
