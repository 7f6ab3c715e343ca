from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.deployments import checked_name
from chatops.errors import UserError


@pytest.mark.parametrize("name", ["ab", "web-app", "a1", "x" * 31, "a--", "a-1-b"])
def test_a_name_of_small_letters_digits_and_dashes_is_a_name(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a", "A1", "1a", "-a", "x" * 32, "a_b", "a.b", "a/b", "a b", "ab\n", "äb", "a٣", "../../x", "a\x00b"]
)
def test_any_other_name_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(UserError, match="such as `web-app`"):
        checked_name(name)


@given(st.text(max_size=200))
def test_a_refusal_is_short_and_shows_nothing_hidden(name: str) -> None:
    try:
        assert checked_name(name) == name
    except UserError as error:
        text = str(error)
        assert len(text) < 600 and text.count("`") in (2, 4)
        assert not any(category(each) in ("Cc", "Cf", "Cs", "Co") for each in text)
