import pytest

from chatops.domain.approvals import may_decide
from tests.fakes.runs import GUILD, MEMBER, OTHER_GUILD, OWNER, a_run


@pytest.mark.parametrize(
    ("person", "guild", "manages", "may"),
    [
        (OWNER, GUILD, False, True),
        (OWNER, GUILD, True, True),
        (MEMBER, GUILD, True, True),
        (MEMBER, GUILD, False, False),
        (OWNER, OTHER_GUILD, True, False),
        (MEMBER, OTHER_GUILD, True, False),
        ("", GUILD, False, False),
        (OWNER, "", True, False),
    ],
)
def test_the_requester_and_who_manages_this_very_server_may_decide(
    person: str, guild: str, manages: bool, may: bool
) -> None:
    assert may_decide(a_run(), person, guild, manages) is may
