from chatops.discord import line_card
from chatops.discord.replies import FIELD_VALUE
from chatops.domain.queues import MOST_WAITING, Place
from tests.fakes.runs import MEMBER, NOW

NAME = "n" * 31


def test_a_full_line_fits_into_its_field_and_says_how_many_more_wait() -> None:
    places = [Place(f"{number:016x}", NAME, MEMBER, NOW) for number in range(MOST_WAITING)]

    told = line_card.queue(places)

    assert len(told) <= FIELD_VALUE and told.endswith(f"… and {MOST_WAITING - line_card.SHOWN} more")
