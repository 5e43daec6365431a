"""Public servers that nobody here wrote: does `detect` find how they are spoken to, and can they be run?

`rows` reads what there is, `bringing` fetches and starts it, `comparing` (pure) holds the profile found against the known
one, `playing` lets chatsim play, `table` (pure) tells. None of the servers' code is in this repository.
"""
