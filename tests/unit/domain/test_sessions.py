import re

from chatops.domain.sessions import Session, new_session_id


def test_a_session_id_is_eight_base32_characters_and_does_not_repeat() -> None:
    ids = {new_session_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch("[a-z2-7]{8}", each) for each in ids)


def test_credentials_are_in_no_repr() -> None:
    assert "secret" not in repr(Session("a", "1", "2", "aws", "p", "r", 1, {"key": "secret"}))
