"""The plan as JSON, without what Terraform itself calls sensitive.

Shapes: "JSON Output Format" of Terraform and OpenTofu. Its masks mirror the values: `true` hides the value at that
place, whatever is below it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

HIDDEN = "(sensitive value)"


class PlanRedactor:
    """Hides sensitive values and remembers those texts: they may be in other places, or in the log later."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def redact(self, plan: dict[str, Json]) -> dict[str, Json]:
        """A copy of the plan that still has every key it had."""
        result = dict(plan)
        for key in ("resource_changes", "resource_drift"):
            self._each(result, key, self._change)
        self._each(result, "deferred_changes", lambda item: self._at(item, "resource_change", self._change))
        self._each(result, "action_invocations", lambda item: self._masked(item, "config_values", "config_sensitive"))
        self._at(result, "planned_values", self._values)
        self._at(result, "prior_state", lambda state: self._at(state, "values", self._values))
        self._each_value(result, "output_changes", self._sides)
        sensitive = self._configuration(result)
        self._at(result, "variables", lambda variables: self._variables(variables, sensitive))
        return result

    def hide(self, value: Json, mask: Json) -> Json:
        """The value with everything under a `true` of the mask replaced."""
        if mask is True:
            self.found.update(texts(value))
            return HIDDEN
        if isinstance(value, dict) and isinstance(mask, dict):
            return {key: self.hide(item, mask.get(key)) for key, item in value.items()}
        if isinstance(value, list) and isinstance(mask, list):
            masks: list[Json] = [*mask, *[None] * (len(value) - len(mask))]
            return [self.hide(item, part) for item, part in zip(value, masks, strict=False)]
        return value

    def _masked(self, holder: dict[str, Json], value: str, mask: str) -> None:
        whole = holder.get(mask)
        held = holder.get(value)
        if whole is True and isinstance(held, dict):
            # The attributes of a resource stay an object, also when all of them are hidden.
            whole = dict.fromkeys(held, cast("Json", True))
        if held is not None:
            holder[value] = self.hide(held, whole)

    def _change(self, item: dict[str, Json]) -> None:
        self._at(item, "change", self._sides)

    def _sides(self, change: dict[str, Json]) -> None:
        for side in ("before", "after"):
            self._masked(change, side, f"{side}_sensitive")
        if self._any_true(change.get("after_sensitive")) and "generated_config" in change:
            change["generated_config"] = HIDDEN

    def _any_true(self, mask: Json) -> bool:
        if isinstance(mask, dict):
            return any(self._any_true(item) for item in mask.values())
        return any(self._any_true(item) for item in mask) if isinstance(mask, list) else mask is True

    def _values(self, values: dict[str, Json]) -> None:
        self._each_value(values, "outputs", self._output)
        self._at(values, "root_module", self._module)

    def _output(self, output: dict[str, Json]) -> None:
        if output.get("sensitive") and "value" in output:
            output["value"] = self.hide(output["value"], True)

    def _module(self, module: dict[str, Json]) -> None:
        self._each(module, "resources", lambda item: self._masked(item, "values", "sensitive_values"))
        self._each(module, "child_modules", self._module)

    def _configuration(self, plan: dict[str, Json]) -> set[str]:
        """Hide the defaults of sensitive variables; the names of those of the root module."""
        sensitive: set[str] = set()

        def module(holder: dict[str, Json]) -> None:
            self._each_value(holder, "variables", self._default)
            self._each_value(holder, "module_calls", lambda call: self._at(call, "module", module))

        def root(holder: dict[str, Json]) -> None:
            variables = holder.get("variables")
            declared = variables.items() if isinstance(variables, dict) else ()
            sensitive.update(name for name, item in declared if isinstance(item, dict) and item.get("sensitive"))
            module(holder)

        self._at(plan, "configuration", lambda configuration: self._at(configuration, "root_module", root))
        return sensitive

    def _default(self, variable: dict[str, Json]) -> None:
        if variable.get("sensitive") and "default" in variable:
            variable["default"] = self.hide(variable["default"], True)

    def _variables(self, variables: dict[str, Json], sensitive: set[str]) -> None:
        for name in sensitive & variables.keys():
            self._at(variables, name, lambda item: item.update(value=self.hide(item.get("value"), True)))

    # Each of these copies what it changes, and passes over what has another form than documented.

    def _at(self, holder: dict[str, Json], key: str, edit: Callable[[dict[str, Json]], None]) -> None:
        item = holder.get(key)
        if isinstance(item, dict):
            holder[key] = copy = dict(item)
            edit(copy)

    def _each(self, holder: dict[str, Json], key: str, edit: Callable[[dict[str, Json]], None]) -> None:
        items = holder.get(key)
        if isinstance(items, list):
            holder[key] = copies = [dict(item) if isinstance(item, dict) else item for item in items]
            for item in copies:
                if isinstance(item, dict):
                    edit(item)

    def _each_value(self, holder: dict[str, Json], key: str, edit: Callable[[dict[str, Json]], None]) -> None:
        items = holder.get(key)
        if isinstance(items, dict):
            holder[key] = copies = dict(items)
            for name in items:
                self._at(copies, name, edit)


def rewrite(value: Json, change: Callable[[str], str]) -> Json:
    """The value with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: rewrite(item, change) for key, item in value.items()}
    return [rewrite(item, change) for item in value] if isinstance(value, list) else value


def addresses(plan: dict[str, Json]) -> Iterator[str]:
    """The addresses that the plan names: they have to stay readable."""
    for key in ("resource_changes", "resource_drift"):
        items = plan.get(key)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(address := item.get("address"), str):
                yield address


def public_outputs(outputs: dict[str, Json]) -> dict[str, Json]:
    """`output -json` with only the fact that a sensitive output exists."""
    return {name: _public(output) for name, output in outputs.items()}


def _public(output: Json) -> Json:
    hidden = not isinstance(output, dict) or output.get("sensitive") is not False
    return {"sensitive": True} if hidden else output


def texts(value: Json) -> Iterator[str]:
    """Every text in the value, and its numbers as they are printed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
