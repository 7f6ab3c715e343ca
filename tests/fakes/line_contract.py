"""What `Lines` must do: the fake and DynamoDB are put to the same tests."""

from dataclasses import replace

import pytest

from chatops.domain.queues import MOST_WAITING, Line, Place
from chatops.errors import ConflictError
from chatops.ports import Lines
from tests.fakes.runs import MEMBER, NOW, OWNER, new_run_id
from tests.fakes.store_contracts import at_once

PLACES = (Place("run-1", "shop", OWNER, NOW), Place("run-2", "blog", MEMBER, NOW + 1))


class LinesContract:
    """Subclasses have a fixture `lines`."""

    def fresh(self) -> str:
        return f"guild-{new_run_id()}"

    def test_where_nobody_ran_yet_the_line_is_empty(self, lines: Lines) -> None:
        assert lines.get(self.fresh()) == Line()

    def test_a_line_comes_back_as_it_was_kept_one_version_on(self, lines: Lines) -> None:
        guild, line = self.fresh(), Line(PLACES[:1], PLACES[1:], (NOW, NOW + 1))

        lines.put(guild, line)

        assert lines.get(guild) == replace(line, version=1)

    def test_a_line_that_has_changed_since_it_was_read_is_not_overwritten(self, lines: Lines) -> None:
        lines.put(guild := self.fresh(), Line(PLACES))
        seen = lines.get(guild)
        lines.put(guild, replace(seen, running=()))

        with pytest.raises(ConflictError):
            lines.put(guild, replace(seen, waiting=PLACES))
        assert lines.get(guild) == Line(version=2)

    def test_two_who_see_no_line_do_not_both_make_one(self, lines: Lines) -> None:
        guild = self.fresh()

        assert at_once(8, lambda: lines.put(guild, Line(PLACES))) == 1
        assert lines.get(guild).version == 1

    def test_of_many_at_once_one_gets_through(self, lines: Lines) -> None:
        lines.put(guild := self.fresh(), Line())
        seen = lines.get(guild)

        assert at_once(8, lambda: lines.put(guild, replace(seen, running=PLACES))) == 1

    def test_the_longest_line_that_there_may_be_is_kept_whole(self, lines: Lines) -> None:
        guild = self.fresh()
        waiting = tuple(Place(f"{number:016x}", "d" * 31, OWNER, NOW) for number in range(MOST_WAITING))
        line = Line(PLACES, waiting, tuple(range(NOW, NOW + 1000)))

        lines.put(guild, line)

        assert lines.get(guild) == replace(line, version=1)

    def test_guilds_do_not_share_a_line(self, lines: Lines) -> None:
        lines.put(guild := self.fresh(), Line(PLACES))

        assert lines.get(f"{guild}0") == Line()

    @pytest.mark.parametrize("seen", [Line(), Line(PLACES)])
    def test_a_line_that_somebody_got_into_meanwhile_is_not_forgotten(self, lines: Lines, seen: Line) -> None:
        guild = self.fresh()
        if seen.places:
            lines.put(guild, seen)
        seen = lines.get(guild)
        lines.put(guild, now := replace(seen, waiting=PLACES))

        with pytest.raises(ConflictError):
            lines.forget(guild, seen)
        assert lines.get(guild) == replace(now, version=seen.version + 1)

    def test_a_forgotten_line_begins_anew(self, lines: Lines) -> None:
        lines.put(guild := self.fresh(), Line(PLACES))

        lines.forget(guild, lines.get(guild))
        lines.forget(guild, lines.get(guild))

        assert lines.get(guild) == Line()
        lines.put(guild, Line())
        assert lines.get(guild).version == 1
