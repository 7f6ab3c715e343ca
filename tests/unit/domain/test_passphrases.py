import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.passphrases import HINT, MAX_LENGTH, MIN_LENGTH, check_passphrase, normalised
from chatops.errors import UserError

USER = "80351110224678912"
GOOD = "otter lamp gravel tuesday"


def refusal(text: str, again: str | None = None) -> str:
    with pytest.raises(UserError) as refused:
        check_passphrase(text, text if again is None else again, USER)
    typed = text.strip()
    assert len(typed) < MIN_LENGTH or typed not in str(refused.value), "a message never repeats the passphrase"
    return str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Zwölf Boxkämpfer jagen",
        "пароль из пяти слов",
        "正确的马电池订书钉很长的密码",
        "!@#$%^&*()_+",
        "k7-9x.Qw2+vB",
    ],
)
def test_a_strong_passphrase_is_taken(text: str) -> None:
    assert check_passphrase(text, text, USER) == text


def test_two_that_differ_are_refused() -> None:
    assert "differ" in refusal(GOOD, GOOD + "s")
    assert "differ" in refusal(GOOD, GOOD.title())
    assert "differ" in refusal(GOOD, "")


def test_one_passphrase_typed_on_two_keyboards_is_one() -> None:
    composed, decomposed = "Zw\u00f6lf Boxk\u00e4mpfer", " Zwo\u0308lf  Boxka\u0308mpfer\u00a0"

    assert check_passphrase(composed, decomposed, USER) == composed
    assert check_passphrase(decomposed, composed, USER) == composed


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize("text", ["", " ", "short", "elevenchars", "a1b2c3d4e5" + " " * 20])
def test_a_short_one_is_refused_however_much_space_it_has(text: str) -> None:
    assert f"at least {MIN_LENGTH} characters" in refusal(text, text)


def test_the_limits_are_exact() -> None:
    assert check_passphrase("abcdef123456", "abcdef123456", USER)
    longest = (GOOD * 10)[:MAX_LENGTH]
    assert check_passphrase(longest, longest, USER)
    assert f"at most {MAX_LENGTH} characters" in refusal(longest + "x")


def test_a_letter_that_spreads_into_many_counts_as_many() -> None:
    assert "too long" in refusal("\ufdfa" * 12)


@pytest.mark.parametrize("text", ["aaaaaaaaaaaa", "abcdeabcdeabcde", "aAbBcCdDeEaAbBcC", "ab cd ea bc de ab"])
def test_few_different_characters_are_too_simple(text: str) -> None:
    assert "too simple" in refusal(text)


@pytest.mark.parametrize("text", ["123456789012", "+49 170 1234567", "2024-12-31 / 2025-01-01", "٠١٢٣٤٥٦٧٨٩٠١"])
def test_digits_alone_are_refused_however_they_are_grouped(text: str) -> None:
    assert "digits" in refusal(text)


@pytest.mark.parametrize(
    "text", [USER, f"my id is {USER}!", "8035 1110 2246 7891 2 okay", "８０３５１１１０２２４６７８９１２"]
)
def test_the_users_own_id_is_refused_however_it_is_dressed(text: str) -> None:
    assert "your own user id" in refusal(text)


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\x00", "\ud800", "\u0378", "\ue000"])
def test_what_cannot_be_seen_is_refused(unseen: str) -> None:
    assert "cannot be seen" in refusal(GOOD + unseen)


def test_the_hint_fits_into_a_form() -> None:
    assert 0 < len(HINT) <= 100
