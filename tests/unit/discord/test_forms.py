import re

import pytest

from chatops.commands import BUTTONS, FORMS
from chatops.commands.base import Call, Form, FormField
from chatops.commands.services import Services
from chatops.discord.forms import checked_fields, modal
from chatops.discord.interactions import button_target
from chatops.errors import UserError
from sandbox.discord.protocol import CallbackType, InteractionType
from sandbox.discord.reply_rules import checked_callback, habits

ARGUMENT = "9" * 20


def never(call: Call, services: Services) -> None:
    raise AssertionError("showing a form runs nothing")


FORM = Form("words", "Two words", (FormField("first", "First word", "Any word", 4, 12),), never)


def test_a_form_becomes_discords_json() -> None:
    assert modal(FORM, "run-1") == {
        "custom_id": "v1:words:run-1",
        "title": "Two words",
        "components": [
            {
                "type": 18,
                "label": "First word",
                "description": "Any word",
                "component": {
                    "type": 4,
                    "custom_id": "first",
                    "style": 1,
                    "required": True,
                    "min_length": 4,
                    "max_length": 12,
                },
            }
        ],
    }


@pytest.mark.parametrize("action", sorted(FORMS))
def test_discord_takes_every_form_that_we_have(action: str) -> None:
    form = FORMS[action]
    answer = {"type": 9, "data": modal(form, ARGUMENT)}

    for kind in (InteractionType.COMMAND, InteractionType.COMPONENT):
        assert checked_callback(kind, answer) is CallbackType.MODAL
    assert list(habits(CallbackType.MODAL, answer)) == []
    assert len({field.name for field in form.fields}) == len(form.fields)
    assert all(1 <= field.min_length <= field.max_length for field in form.fields)


@pytest.mark.parametrize("action", sorted(FORMS))
def test_a_form_is_found_again_by_its_custom_id(action: str) -> None:
    form = FORMS[action]

    assert form.action == action
    assert button_target(modal(form, ARGUMENT)["custom_id"]) == (action, ARGUMENT)


def test_a_button_either_does_something_or_opens_a_form_that_is_known() -> None:
    assert all((button.handle is None) is (button.form is not None) for button in BUTTONS.values())
    assert all(FORMS[button.form.action] is button.form for button in BUTTONS.values() if button.form)


def test_every_form_can_be_opened_once_more() -> None:
    assert {action for action in FORMS if BUTTONS[action].form is FORMS[action]} == FORMS.keys()


@pytest.mark.parametrize("text", ["four", "twelve: 12!!", "😀" * 4])
def test_what_fits_comes_through_as_it_was_typed(text: str) -> None:
    assert checked_fields(FORM, {"first": text}) == {"first": text}


@pytest.mark.parametrize(
    "fields",
    [{}, {"second": "hush hush"}, {"first": "hush hush", "second": "x"}, {"first": "hus"}, {"first": "h" * 13}],
)
def test_what_does_not_fit_is_refused_and_not_repeated(fields: dict[str, str]) -> None:
    with pytest.raises(UserError) as refused:
        checked_fields(FORM, fields)

    assert not re.search("hus|hhh", str(refused.value))
