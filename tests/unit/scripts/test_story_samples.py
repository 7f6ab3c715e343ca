"""The sample page: as many sentences as were promised, each as the narrator makes them."""

from scripts.story_samples import SITUATIONS, page


def test_there_are_fifty_sentences_of_plans_of_every_sort() -> None:
    told = [line for line in page() if line.startswith(("- ☕", "- 🎯", "- 💥", "- 💎", "- 🌱"))]

    assert len(told) == 5 * len(SITUATIONS) >= 50
    assert [line for line in told if "{" in line or "None" in line] == []


def test_what_can_happen_to_a_cost_is_in_it() -> None:
    whole = "\n".join(page())

    assert [phrase for phrase in ("$0.00", "on top", "more than today", "less than today", "no price for", "no undo")
            if phrase not in whole] == []  # fmt: skip
