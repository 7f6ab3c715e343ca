"""What the log may show: never a secret, in no spelling, however it is cut; everything else as it was."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from runner import spellings
from runner.redact import MOST, LogFilter, Secrets
from runner.secret_shapes import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.spellings import View

KEY = "wJalrXUtnFEMIxK7MDENGxbPxRfiCYzzDEMOsKEY"
PEM = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    base64.b64encode(bytes((17 * row + 31 * column) % 251 for column in range(48))).decode() for row in range(8)
)
PEM += "\nQk9U\n-----END PRIVATE KEY-----\n"
ODD = 'p"a\\ss w<ö>rd&/+%\twith|everything'

characters = st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc", "Cf", "Zs"])
values = st.text(characters, min_size=16, max_size=60)


def secrets(*known: str) -> Secrets:
    result = Secrets()
    for value in known:
        result.add(value)
    return result


def filtered(known: Secrets, text: str | bytes, step: int = 7) -> str:
    data = text.encode() if isinstance(text, str) else text
    stream = LogFilter(known)
    lines = [line for start in range(0, len(data), step) for line in stream.feed(data[start : start + step])]
    return "\n".join([*lines, *stream.close()])


def leaked(text: str, secret: str, size: int = 16) -> bool:
    return any(secret[i : i + size] in text for i in range(len(secret) - size + 1))


def read(line: str, view: View) -> list[str]:
    """The parts of the line that the view's characters came from."""
    return [line[slice(*view.place(place, place + 1))] for place in range(len(view.text))]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "literal": str,
    "json": json.dumps,
    "json twice": lambda value: json.dumps(json.dumps(value)),
    "json in utf-8": lambda value: json.dumps(value, ensure_ascii=False),
    "hex": lambda value: value.encode().hex(),
    "upper-case hex": lambda value: value.encode().hex().upper(),
    "url": lambda value: quote(value, safe=""),
    "url path": quote,
    "url form": quote_plus,
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 after one byte": lambda value: base64.b64encode(b"\xaa" + value.encode() + b"\x01").decode(),
    "base64 after two bytes": lambda value: base64.b64encode(b"\xaa\xbb" + value.encode() + b"\x01\x02").decode(),
    "url-safe base64": lambda value: base64.urlsafe_b64encode(b"user:" + value.encode()).decode(),
    "base64 in lines": lambda value: base64.encodebytes(b"user:" + value.encode() * 2).decode(),
}


class TestKnownValues:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    @pytest.mark.parametrize("value", [KEY, ODD, PEM], ids=["key", "odd", "pem"])
    def test_a_value_is_found_in_every_spelling(self, value: str, spelling: str) -> None:
        text = SPELLINGS[spelling](value)

        shown = filtered(secrets(value), f"first\nbefore {text} after\nlast")

        assert REDACTED in shown
        assert shown.startswith("first\nbefore ")
        assert shown.endswith(" after\nlast")
        assert not leaked(shown, text.strip('"'), 12), shown

    @given(values, st.sampled_from(sorted(SPELLINGS)), st.integers(1, 50))
    @settings(max_examples=200, deadline=None)
    def test_no_run_of_a_random_value_gets_through(self, value: str, spelling: str, step: int) -> None:
        text = SPELLINGS[spelling](value)

        shown = filtered(secrets(value), f"a={text}", step)

        assert not leaked(shown, text.strip('"\n')[2:-4]), shown

    @given(values, st.integers(1, 59), st.sampled_from(["\n", "\r\n", "\n  ", "\n│ ", "\\n", "\\\\n  "]))
    @settings(max_examples=200, deadline=None)
    @example(KEY, 20, "\n")
    def test_a_value_split_in_two_shows_less_than_four_characters_of_each_part(
        self, value: str, at: int, gap: str
    ) -> None:
        assume(at < len(value) and "\\" not in value and "|" not in value and "│" not in value)

        shown = filtered(secrets(value), value[:at] + gap + value[at:])

        assert not leaked(shown, value[:at], 4)
        assert not leaked(shown, value[at:], 4)

    def test_a_json_line_stays_json(self) -> None:
        line = json.dumps({"@level": "info", "@message": f"x {ODD} y", "more": {"k": ODD}}, ensure_ascii=False)

        shown = filtered(secrets(ODD), line)

        assert json.loads(shown) == {"@level": "info", "@message": "x [redacted] y", "more": {"k": REDACTED}}

    @given(values)
    @settings(max_examples=200, deadline=None)
    def test_a_json_line_with_any_value_stays_json(self, value: str) -> None:
        line = json.dumps({"@level": "info", "a": f"x{value}y", "b": [value]})

        assert set(json.loads(filtered(secrets(value), line))) == {"@level", "a", "b"}

    def test_a_whole_service_account_file_in_base64_keeps_its_key_to_itself(self) -> None:
        account = {"type": "service_account", "private_key": PEM, "client_email": "bot@demo.iam.gserviceaccount.com"}
        text = base64.b64encode(json.dumps(account, indent=2).encode()).decode()

        shown = filtered(secrets(PEM), f"GOOGLE_CREDENTIALS={text}")

        assert not leaked(shown, base64.b64encode(json.dumps(PEM).encode()[3:]).decode(), 20)
        assert len(shown) < len(text) / 2

    def test_a_part_of_a_key_is_as_secret_as_the_whole(self) -> None:
        shown = filtered(secrets(PEM), "line 3: " + PEM.splitlines()[3][5:40])

        assert shown == "line 3: [redacted]"

    def test_a_short_value_is_left_alone_unless_it_is_secret_by_name(self) -> None:
        by_name = Secrets()
        by_name.add("s3cr3t", shortest=1)

        assert filtered(secrets("test"), "aws_instance.test: Creating...") == "aws_instance.test: Creating..."
        assert filtered(by_name, "client s3cr3t refused") == "client [redacted] refused"

    def test_a_value_of_eight_to_fifteen_characters_counts_only_as_a_whole(self) -> None:
        known = secrets("production-pw")

        assert filtered(known, "production-web is production-pw") == "production-web is [redacted]"

    def test_the_beginning_of_a_secret_is_one_only_where_a_line_may_go_on(self) -> None:
        known = secrets("production-pw")

        assert known.text("aws_instance.production") == "aws_instance.production"
        assert filtered(known, "aws_instance.production") == "aws_instance.[redacted]"

    @pytest.mark.parametrize(
        ("value", "within"),
        [
            (json.dumps({"user": "bob-the-builder", "db": [{"password": "hunter2hunter2"}]}), "hunter2hunter2"),
            (base64.b64encode(json.dumps({"api_key": "hunter2hunter2"}).encode()).decode(), "hunter2hunter2"),
            (base64.b64encode(b"a text of its own").decode(), "a text of its own"),
            ("postgres://bob:hunter2hunter2@db.example/main", "hunter2hunter2"),
        ],
    )
    def test_a_secret_within_a_secret_is_one(self, value: str, within: str) -> None:
        assert filtered(secrets(value), f"it is {within}, bob-the-builder") == "it is [redacted], bob-the-builder"

    @pytest.mark.parametrize("value", ["{", "[" * 100_000, '{"password": 5}', "QUJDREVGR0hJSktMTU5P/w==", "://:@"])
    def test_a_secret_that_only_looks_as_if_it_had_one_is_one_itself(self, value: str) -> None:
        assert value not in filtered(secrets(value), f"it is {value}") or len(value) < 8

    def test_what_is_in_a_public_text_is_not_hidden(self) -> None:
        known = Secrets()
        known.add_all(
            ["https://my-production-logs.example/?key=abcdefghijklmnop", "eu-central-1"],
            "x.my-production-logs\neu-central-1",
        )

        shown = filtered(known, "x.my-production-logs in eu-central-1, key=abcdefghijklmnop")

        assert shown == "x.my-production-logs in eu-central-1, [redacted]"

    def test_the_shorter_of_many_values_come_first(self) -> None:
        known = Secrets()
        values = ["a" * MOST, "first-short-value", "other-short-value"]

        assert known.add_all(values, "") == 34
        assert filtered(known, "first-short-value other-short-value") == "[redacted] [redacted]"

    def test_text_without_secrets_is_not_changed(self) -> None:
        text = 'aws_instance.web["a b"]: Creation complete after 3s [id=i-0123456789abcdef0] │ \\ eu-central-1'

        assert filtered(secrets(KEY, PEM, ODD), text) == text

    @given(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))
    @settings(max_examples=200)
    def test_any_text_survives_when_nothing_is_known(self, text: str) -> None:
        assume("-----BEGIN" not in text and "://" not in text and not text.lstrip().startswith("{"))

        assert Secrets().text(text) == text

    @given(st.text(max_size=80))
    @settings(max_examples=200)
    def test_every_reading_finds_back_to_the_line(self, text: str) -> None:
        plain = spellings.squeezed(text)
        digits = spellings.hexadecimal(text, plain.text, always=True)

        assert all(seen in spellings.squeeze(real) for seen, real in zip(plain.text, read(text, plain), strict=True))
        assert digits
        assert all(
            seen == " " or seen in spellings.squeeze(real).lower()
            for seen, real in zip(digits.text, read(text, digits), strict=True)
        )

    @given(
        st.text("abcXYZ019", min_size=1), st.sampled_from(["%{:02x}", "\\x{:02X}", "&#{};", "%25{:02X}", "\\\\u{:04x}"])
    )
    def test_an_escape_is_found_back_to_as_a_whole(self, text: str, form: str) -> None:
        escapes = [form.format(ord(letter)) for letter in text]
        view = spellings.decoded("".join(escapes))

        assert view
        assert view.text == text
        assert read("".join(escapes), view) == escapes


class TestShapes:
    @pytest.mark.parametrize(
        "secret",
        [
            "AKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "IQoJb3JpZ2luX2VjEAaCXVzLWVhc3QtMSJHMEUCIQ",
            "ghp_" + "a1B2" * 9,
            "github_pat_" + "11ABCDEFG0abcdefghijkl_mnopq",
            "glpat-abcdefghij0123456789",
            "xoxb-123456789012-abcdefghijkl",
            "MTE" + "a" * 21 + ".GabcdE." + "b" * 38,
            "https://discord.com/api/webhooks/123456789012345678/" + "x" * 68,
            "ya29.a0AfH6SMBabcdefghijklmnop",
            "AIza" + "B" * 35,
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            "abc8Q~" + "d" * 34,
            "hvs.CAESIabcdefghijklmnopq",
            "sk_live_" + "4" * 24,
            "xapp-1-A0123456789-abcdef",
            "https://hooks.slack.com/services/T01234567/B01234567/abcdefghijklmnopqrstuvwx",
            "glrt-abcdefghij0123456789",
            "dop_v1_" + "0f" * 32,
            "SG." + "a" * 22 + "." + "b" * 43,
            "dckr_pat_abcdefghijklmnopqrstuvwxyz0",
            "hf_" + "a" * 34,
            "dapi" + "0f" * 16,
            "glsa_" + "a" * 32,
            "shpat_" + "0f" * 16,
            "1234567890:AA" + "b" * 33,
            "AGE-SECRET-KEY-1" + "Q" * 58,
            "npm_" + "a" * 36,
        ],
    )
    def test_a_token_of_a_known_shape_is_hidden(self, secret: str) -> None:
        shown = Secrets().text(f'{{"@message":"token {secret}, refused"}}')

        assert shown.endswith(', refused"}')
        assert secret[-16:] not in shown

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("aws_secret_access_key   = wJalrXUtnFEMI", "aws_secret_access_key   = [redacted]"),
            ('{\\"SecretAccessKey\\": \\"wJalrXUtnFEMI\\"}', '{\\"SecretAccessKey\\": \\"[redacted]\\"}'),
            ("AWS_SECRET_ACCESS_KEY=wJalr/x+y==", "AWS_SECRET_ACCESS_KEY=[redacted]"),
            ("https://x.example/a?X-Amz-Signature=00ff00ff&b=1", "https://x.example/a?X-Amz-Signature=[redacted]&b=1"),
            ("https://me:hunter2@git.example/x", "https://me:[redacted]@git.example/x"),
            ("Authorization: Bearer abcdefgh", "Authorization: Bearer [redacted]"),
            ("AccountKey=abcd1234==;Endpoint", "AccountKey=[redacted];Endpoint"),
            ("Server=db;User Id=me;Password=hunter2;", "Server=db;User Id=me;Password=[redacted];"),
            ("http://x.example/?a=b&pwd=hunter2", "http://x.example/?a=b&pwd=[redacted]"),
        ],
    )
    def test_a_labelled_secret_keeps_its_label(self, text: str, shown: str) -> None:
        assert Secrets().text(text) == shown

    @pytest.mark.parametrize(
        "text",
        [
            "arn:aws:iam::123456789012:role/deploy",
            "bot@demo-project.iam.gserviceaccount.com in europe-west3",
            "registry.terraform.io/hashicorp/aws v5.100.0 (signed by HashiCorp)",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "the aws_secret_access_key must have 40 characters",
            "ssh://git@github.com/a/b.git?ref=v1.0:x",
            "global gl singleton.hf_, pwd is the working directory; password = var.password",
            "2026-11-23T00:22:38Z http://127.0.0.1:4566/_aws: connection refused",
        ],
    )
    def test_what_is_not_secret_stays_readable(self, text: str) -> None:
        assert Secrets().text(text) == text

    def test_an_unknown_private_key_is_hidden_over_all_its_lines(self) -> None:
        shown = filtered(Secrets(), f"before\n{PEM}after")

        assert shown.splitlines()[0] == "before"
        assert shown.splitlines()[-1] == "after"
        assert not any(line in shown for line in PEM.splitlines()[1:-1])

    def test_an_unknown_private_key_is_hidden_in_provisioner_lines(self) -> None:
        lines = [f"null_resource.a (local-exec): {line}" for line in PEM.splitlines()]

        shown = filtered(Secrets(), "\n".join(lines))

        assert shown.count("null_resource.a (local-exec):") == len(lines)
        assert not any(line in shown for line in PEM.splitlines()[1:-2])

    def test_an_unknown_private_key_in_one_json_line_leaves_json(self) -> None:
        line = json.dumps({"@level": "info", "key": PEM, "then": 1})

        assert json.loads(filtered(Secrets(), line))["then"] == 1
        assert not leaked(filtered(Secrets(), line), PEM)

    def test_progress_after_an_unfinished_key_is_still_shown(self) -> None:
        shown = filtered(
            Secrets(), "-----BEGIN RSA PRIVATE KEY-----\naws_instance.web: Still creating... [10s elapsed]"
        )

        assert shown.splitlines()[1] == "aws_instance.web: Still creating... [10s elapsed]"

    @pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    def test_a_private_key_in_base64_is_hidden(self, kind: str) -> None:
        text = base64.b64encode(PEM.replace("PRIVATE KEY", kind).encode()).decode()

        assert Secrets().text(f"key {text}") == "key [redacted]"

    @pytest.mark.parametrize("ahead", ["", "a", "ab"])
    def test_an_unknown_private_key_in_lines_of_base64_is_hidden(self, ahead: str) -> None:
        coded = base64.b64encode((ahead + PEM).encode()).decode()
        rows = [coded[start : start + 76] for start in range(0, len(coded), 76)]

        shown = filtered(Secrets(), "\n".join(["key:", *rows, "availabilityzone", "then"])).splitlines()

        assert shown[0] == "key:" and shown[-2:] == ["availabilityzone", "then"]
        assert shown[1].endswith(REDACTED) and set(shown[2:-2]) == {REDACTED}

    def test_pieces_of_a_secret_on_lines_of_their_own_are_found_behind_other_text(self) -> None:
        pieces = [KEY[start : start + 12] for start in range(0, len(KEY), 12)]

        shown = filtered(secrets(KEY), "\n".join(f"part {piece}" for piece in pieces))

        assert shown.splitlines() == ["part [redacted]"] * len(pieces)

    def test_a_piece_counts_only_where_the_line_before_had_the_one_before(self) -> None:
        first, second = KEY[:12], KEY[12:24]

        assert filtered(secrets(KEY), f"{first}\nother\nnote {second}").splitlines()[1:] == ["other", f"note {second}"]
        assert filtered(secrets(KEY), f"note {second}") == f"note {second}"
        assert filtered(secrets(KEY), f"{KEY[:7]}\nnote {KEY[7:]}").splitlines()[1] == "note [redacted]"

    def test_digits_are_awaited_only_where_a_line_ends_with_some(self) -> None:
        known = secrets(KEY)

        assert spellings.HEX in known.known("sum " + "0123456789abcdef" * 2)[1]
        assert spellings.HEX not in known.known("sum " + "0123456789abcdef" * 2 + " of it")[1]

    def test_words_after_a_line_that_ends_like_a_readable_secret_stay(self) -> None:
        text = "module production-da\naws_instance.production-data: Creating..."

        assert filtered(secrets("production-database-primary"), text).splitlines()[1] == text.splitlines()[1]

    def test_values_of_base64_and_digits_that_are_no_secret_stay(self) -> None:
        text = (
            f"{base64.b64encode(base64.b64encode(b'nothing of anybody')).decode()} =41=42=43=44=45=46=47=48 "
            "119 74 97 108 114 88 85 116 167 112 141 154 162 130 125 164 Ｃａｆｅ́"
        )

        assert filtered(secrets(KEY, PEM), f"{text}\n{text}") == f"{text}\n{text}"
