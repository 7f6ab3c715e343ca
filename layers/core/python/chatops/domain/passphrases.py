"""Passphrases that people choose for their sessions: how they are written, and which are too weak."""

import unicodedata

from chatops.errors import UserError

MIN_LENGTH, MAX_LENGTH = 12, 128
HINT = "Four or five random words are strong. Nobody can reset it, so keep it until the session ends."

_DIFFERENT = 6


def normalised(text: str) -> str:
    """The one spelling of a passphrase: Unicode NFKC, and single spaces only between words.

    Keyboards write one letter in several ways, and phones add a space after a word.
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def check_passphrase(text: str, again: str, user_id: str) -> str:
    """Return the normalised passphrase.

    Raises:
        UserError: it was typed in two ways, cannot be read again, is of the wrong length, or is easy to guess.
    """
    passphrase = normalised(text)
    if passphrase != normalised(again):
        raise UserError("The two passphrases differ. Type the same one twice.")
    if not passphrase.isprintable():
        raise UserError("The passphrase has a character that cannot be seen, or that not every device can type.")
    if len(passphrase) < MIN_LENGTH:
        raise UserError(f"The passphrase is too short: it takes at least {MIN_LENGTH} characters.")
    if len(passphrase) > MAX_LENGTH:
        raise UserError(f"The passphrase is too long: at most {MAX_LENGTH} characters.")
    _check_strength(passphrase, user_id)
    return passphrase


def _check_strength(passphrase: str, user_id: str) -> None:
    letters_and_digits = "".join(filter(str.isalnum, passphrase))
    if user_id in letters_and_digits:
        raise UserError("The passphrase holds your own user id, which everybody can look up. Choose another one.")
    if letters_and_digits.isdecimal():
        raise UserError("The passphrase is nothing but digits. Choose words, or mix in letters.")
    if len(set(passphrase.casefold()) - {" "}) < _DIFFERENT:
        raise UserError(f"The passphrase is too simple: use at least {_DIFFERENT} different characters.")
