"""Who is here, by what name, and who hears whom."""

import pytest

from reference_server.room import Room, is_proper_name

ANN, BOB, CAT = 1, 2, 3


@pytest.fixture
def room() -> Room:
    room = Room()
    for guest, nick in ((ANN, "ann"), (BOB, "bob"), (CAT, "cat")):
        room.join(guest, nick)
    return room


def test_everyone_but_the_speaker_hears_what_is_said(room: Room) -> None:
    assert room.others(BOB) == (ANN, CAT)
    assert room.everyone() == (ANN, BOB, CAT)


def test_guests_are_listed_in_the_order_in_which_they_joined(room: Room) -> None:
    room.leave(ANN)
    room.join(ANN, "ann")

    assert room.nicks() == ["bob", "cat", "ann"]


def test_a_name_belongs_to_one_guest_and_is_free_once_it_has_left(room: Room) -> None:
    assert not room.join(4, "bob")
    assert room.nick_of(4) is None
    assert room.called("bob") == BOB

    assert room.leave(BOB) == "bob"

    assert room.join(4, "bob")
    assert room.called("bob") == 4


def test_who_has_not_joined_leaves_without_a_name(room: Room) -> None:
    assert room.leave(4) is None
    assert room.others(4) == (ANN, BOB, CAT)


def test_a_side_room_is_heard_by_those_in_it_only(room: Room) -> None:
    room.enter(ANN, "kitchen")
    room.enter(CAT, "kitchen")
    room.enter(ANN, "garden")

    assert room.others_in("kitchen", ANN) == (CAT,)
    assert room.others_in("garden", ANN) == ()
    assert room.others_in("cellar", ANN) == ()
    assert room.is_in(ANN, "kitchen")
    assert not room.is_in(BOB, "kitchen")
    assert room.rooms_of(ANN) == 2


def test_a_side_room_is_entered_once_and_left_once(room: Room) -> None:
    assert room.enter(ANN, "kitchen")
    assert not room.enter(ANN, "kitchen")
    assert room.exit(ANN, "kitchen")
    assert not room.exit(ANN, "kitchen")
    assert not room.exit(BOB, "kitchen")


def test_who_leaves_is_out_of_its_side_rooms_too(room: Room) -> None:
    room.enter(ANN, "kitchen")
    room.enter(CAT, "kitchen")

    room.leave(ANN)

    assert room.others_in("kitchen", CAT) == ()
    assert not room.is_in(ANN, "kitchen")
    assert room.rooms_of(ANN) == 0


@pytest.mark.parametrize("name", ["ann", "Дмитрий", "عائشة", "नमस्ते", "👨‍👩‍👧", "é", "a:b", "x" * 32])
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert is_proper_name(name)


@pytest.mark.parametrize(
    "name", ["", "x" * 33, "ann lee", "a\tb", "a\u2028b", "a\u00a0b", "a\x00", "a\x1b", "a\x7f", "a\x85", "/ann"]
)
def test_a_name_is_not_empty_not_long_and_without_blanks_controls_and_leading_slash(name: str) -> None:
    assert not is_proper_name(name)
