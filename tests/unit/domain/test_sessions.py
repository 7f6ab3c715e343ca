import re

import pytest

from chatops.domain.sessions import OpenSession, Session, is_session_id, session_id_of


def test_a_session_id_is_eight_base32_characters_and_one_for_each_interaction() -> None:
    ids = {session_id_of(str(1100000000000001000 + number)) for number in range(1000) for _ in range(2)}

    assert len(ids) == 1000
    assert all(re.fullmatch("[a-z2-7]{8}", each) and is_session_id(each) for each in ids)


@pytest.mark.parametrize(
    "text", ["", "abcdefg", "abcdefghi", "ABCDEFGH", "abcdefg1", "abcdefg\n", "abcdefgh\n", "é" * 8]
)
def test_what_people_type_may_be_no_session_id(text: str) -> None:
    assert not is_session_id(text)


def test_credentials_are_in_no_repr() -> None:
    session = Session("a", "1", "2", "aws", "p", "r", 1, {"key": "secret"})

    assert "secret" not in repr(session)
    assert "secret" not in repr(OpenSession("a", 1.5, 1, False, session))
