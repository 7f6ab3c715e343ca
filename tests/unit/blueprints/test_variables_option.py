"""The option `variables: name=value, …`: what it means, and what a person is told when it means nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.blueprints import Blueprint, Value, Variable, VariableError, parse_variables
from chatops.errors import UserError

STEPS = Variable("steps", "integer", "How many", default=5, minimum=1, maximum=50)
SECONDS = Variable("seconds", "number", "How long", default=2.5, minimum=0, maximum=120)
ORDER = Variable("order", "string", "Which way", default="parallel", choices=("parallel", "chain"))
TITLE = Variable("title", "string", "Heading", default="Hello", max_length=80)
SLUG = Variable("slug", "string", "Short name", default="web", pattern="^[a-z]+$", hint="lower-case letters")
NOISY = Variable("noisy", "boolean", "Loud or not", default=False)
OWNER = Variable("owner", "string", "Whose it is", min_length=2, max_length=10)

BLUEPRINT = Blueprint("demo/all", "All", "Every type", "none", (STEPS, SECONDS, ORDER, TITLE, SLUG, NOISY))
DEMANDING = Blueprint("demo/owned", "Owned", "Needs an owner", "none", (OWNER, STEPS))


def value_of(text: str, name: str) -> Value:
    return parse_variables(text, BLUEPRINT)[name]


def problems_of(text: str, blueprint: Blueprint = BLUEPRINT) -> tuple[str, ...]:
    with pytest.raises(VariableError) as caught:
        parse_variables(text, blueprint)
    return caught.value.problems


def test_nothing_written_means_every_default_in_the_blueprints_order() -> None:
    values = parse_variables("", BLUEPRINT)

    assert list(values.items()) == [
        ("steps", 5),
        ("seconds", 2.5),
        ("order", "parallel"),
        ("title", "Hello"),
        ("slug", "web"),
        ("noisy", False),
    ]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("steps=7", "steps", 7),
        ("  steps =  7 , ", "steps", 7),
        ("steps=+7", "steps", 7),
        ("steps=007", "steps", 7),
        ("seconds=3", "seconds", 3.0),
        ("seconds=.5", "seconds", 0.5),
        ("seconds=1e2", "seconds", 100.0),
        ("noisy=YES", "noisy", True),
        ("noisy=off", "noisy", False),
        ("order=chain,steps=2", "order", "chain"),
        ("title=Tom & Jerry", "title", "Tom & Jerry"),
        ('title="one, two", steps=2', "title", "one, two"),
        ("title=“one, two”", "title", "one, two"),
        (r'title="she said \"no\""', "title", 'she said "no"'),
        (r'title="back\\slash"', "title", "back\\slash"),
        ('title=""', "title", ""),
        ('title="  kept  "', "title", "  kept  "),
        ("title=a=b", "title", "a=b"),
        ('title=5" pipe', "title", '5" pipe'),
        ("title=Grüße 🎉", "title", "Grüße 🎉"),
        (",,steps=3,", "steps", 3),
    ],
)
def test_a_value_is_read(text: str, name: str, value: Value) -> None:
    found = value_of(text, name)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("steps=0", "`steps` is `0`, but must be a whole number from 1 to 50."),
        ("steps=51", "`steps` is `51`, but must be a whole number from 1 to 50."),
        ("steps=5.0", "`steps` is `5.0`, but must be a whole number from 1 to 50."),
        ("steps=1_0", "`steps` is `1_0`, but must be a whole number from 1 to 50."),
        ("steps=٣", "`steps` is `٣`, but must be a whole number from 1 to 50."),
        ("seconds=nan", "`seconds` is `nan`, but must be a number from 0 to 120."),
        ("seconds=inf", "`seconds` is `inf`, but must be a number from 0 to 120."),
        ("seconds=1e999", "`seconds` is `1e999`, but must be a number from 0 to 120."),
        ("noisy=maybe", "`noisy` is `maybe`, but must be true or false."),
        ("order=chian", "`order` is `chian`, but must be one of `parallel`, `chain`. Did you mean `chain`?"),
        ("slug=Web", "`slug` is `Web`, but must be lower-case letters, at most 200 characters."),
        ("slug=web$", "`slug` is `web$`, but must be lower-case letters, at most 200 characters."),
        ("stepz=3", "`demo/all` has no variable `stepz`. Did you mean `steps`?"),
        ("Steps=3", "`demo/all` has no variable `Steps`. Did you mean `steps`?"),
        (
            "zebra=3",
            "`demo/all` has no variable `zebra`. It has `steps`, `seconds`, `order`, `title`, `slug`, `noisy`.",
        ),
        ("steps=1, steps=2", "`steps` is given twice."),
        ("order=chain, order=", "`order=` gives no value."),
        ("deployment=x", "`deployment` is set by Cloud ChatOps and cannot be chosen."),
        ("guild_id=1", "`guild_id` is set by Cloud ChatOps and cannot be chosen."),
        ("steps", "`steps` is not `name=value`. Put double quotes around a value that contains a comma."),
        ("=3", "`=3` is not `name=value`. Put double quotes around a value that contains a comma."),
        ("steps=", "`steps=` gives no value."),
        ('title="open', 'The quotes in `title="open` never close.'),
        ("title=a\u202eb", r"`title=a\u202eb` contains the invisible character U+202E. Leave that out."),
        ("title=a\u200bb", r"`title=a\u200bb` contains the invisible character U+200B. Leave that out."),
        ("title=a\nb", r"`title=a\u000ab` contains the invisible character U+000A. Leave that out."),
        ("title=a\x00", r"`title=a\u0000` contains the invisible character U+0000. Leave that out."),
        ("title=\ud800", r"`title=\ud800` contains the invisible character U+D800. Leave that out."),
        ("title=${file(1)}", "`title=${file(1)}` contains `${`. Leave that out."),
        ("title=%{if}", "`title=%{if}` contains `%{`. Leave that out."),
    ],
)
def test_a_mistake_is_told_in_one_sentence(text: str, sentence: str) -> None:
    assert problems_of(text) == (sentence,)


def test_text_after_a_closing_quote_is_refused() -> None:
    (problem,) = problems_of('title="a" b')

    assert problem.startswith('`title="a" b` goes on after its closing quote.')


def test_a_missing_variable_is_named_with_what_it_may_hold() -> None:
    assert problems_of("", DEMANDING) == ("`owner` is missing: it must be text, 2 to 10 characters.",)


def test_a_variable_that_could_not_be_read_is_not_called_missing_too() -> None:
    assert problems_of('owner="x', DEMANDING) == ('The quotes in `owner="x` never close.',)


def test_all_problems_come_together_and_five_are_shown() -> None:
    text = "steps=0, seconds=-1, order=x, slug=1, noisy=2, foo=3, bar"

    with pytest.raises(VariableError) as caught:
        parse_variables(text, BLUEPRINT)

    lines = str(caught.value).splitlines()
    assert len(caught.value.problems) == 7
    assert lines[0] == "There are 7 problems with the variables:"
    assert len([line for line in lines if line.startswith("- `")]) == 5
    assert lines[-1] == "- … and 2 more."


def test_a_long_value_is_cut_and_cannot_leave_its_code_marks() -> None:
    (problem,) = problems_of("slug=`@everyone` " + "x" * 500)

    assert problem.startswith(r"`slug` is `\u0060@everyone\u0060 ")
    assert problem.count("`") == 4
    assert len(problem) < 150


def test_more_than_two_thousand_characters_are_refused_unread() -> None:
    assert problems_of("x" * 2001) == ("The variables are 2001 characters long; at most 2000 are allowed.",)


@given(st.text(max_size=300))
def test_any_text_gives_values_within_limits_or_an_error_for_the_person(text: str) -> None:
    try:
        values = parse_variables(text, BLUEPRINT)
    except UserError as error:
        assert len(str(error)) < 1900
        str(error).encode()
    else:
        assert all(variable.accepts(values[variable.name]) for variable in BLUEPRINT.variables)


@given(st.lists(st.sampled_from(['title="', "a", ",", "=", "“", "\\", '"', "steps", " ", "\u202e"]), max_size=40))
def test_any_heap_of_syntax_gives_values_or_an_error_for_the_person(parts: list[str]) -> None:
    try:
        values = parse_variables("".join(parts), BLUEPRINT)
    except UserError:
        return
    assert set(values) == {variable.name for variable in BLUEPRINT.variables}


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60))
def test_every_visible_text_can_be_written_in_quotes(title: str) -> None:
    if "${" in title or "%{" in title:
        return
    escaped = "".join(f"\\{character}" if character in '"“”\\' else character for character in title)

    assert value_of(f'title="{escaped}", steps=2', "title") == title


@given(st.floats(min_value=0, max_value=120))
def test_every_number_within_the_limits_can_be_written(seconds: float) -> None:
    assert math.isclose(float(value_of(f"seconds={seconds!r}", "seconds")), seconds)
