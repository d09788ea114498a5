"""Diagnosis cards in a real browser: notes of what is foreseen, evidence, places, fixes."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from nanwatch import events
from web.served import RunningServer, healthy_run

EVIDENCE = (
    events.Evidence("first operation that is not finite", "Log of 0 to 0.7", "none"),
    events.Evidence("cells of the batch", "all finite", "finite"),
    events.Evidence("replay with a lower rate", "not made: no time was left", "finite"),
)


def cause(label: str = "custom_loss_log_of_nonpositive", **more: Any) -> events.Cause:
    """A cause with three checks and a fix of a line of code."""
    change = "- return -ops.log(p)\n+ return -ops.log(ops.maximum(p, 1e-7))"
    place = {"epoch": 0, "batch": 4, "rows": list(range(11)), "source_line": "train.py:48"}
    given = {"where": place, "fix": events.Fix("Clip first.", change)} | more
    return events.Cause(label, 0.9, "train.py:48 takes the logarithm of 0.", EVIDENCE, **given)


def shown(page: Page, server: RunningServer, *told: events.Diagnosis) -> Locator:
    """The cards of a run of which this was told."""
    run = healthy_run(server.url)
    run.send(*(events.Diagnosed(each) for each in told))
    page.goto("/runs/healthy")
    expect(page.get_by_role("article").first).to_be_visible()
    return page.get_by_role("article")


def note(label: str, symptom: events.Symptom = "underfit") -> events.Diagnosis:
    """What is feared at the first batch."""
    return events.Diagnosis(symptom, "info", None, (cause(label, where={}),))


def test_a_note_of_what_is_foreseen_is_no_fact(page: Page, server: RunningServer) -> None:
    card = shown(page, server, note("logits_mismatch"))
    expect(card.get_by_role("heading", level=2)).to_have_text(
        "Foreseen: loss settles at a bad level"
    )
    expect(card).to_contain_text("nothing has gone wrong by it so far")
    expect(page.locator("#pills")).to_contain_text("Note")
    expect(page.locator("#pills")).not_to_contain_text("Underfit")


def test_what_was_foreseen_is_not_told_again_once_it_has_come(
    page: Page, server: RunningServer
) -> None:
    came = events.Diagnosis("underfit", "warning", 29, (cause("logits_mismatch"),))
    feared = note("logits_mismatch", "huge_loss"), note("wrong_loss_for_task", "loss_stuck")
    cards = shown(page, server, *feared, came)
    expect(cards.get_by_role("heading", level=2)).to_have_text(
        ["Loss settles at a bad level (judged at step 29)", "Foreseen: loss does not fall"]
    )


def test_evidence_is_marked_as_agreeing_differing_or_not_looked_for(
    page: Page, server: RunningServer
) -> None:
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    checks = card.locator(".evidence li")
    assert checks.evaluate_all("(all) => all.map((one) => one.className)") == [
        "differs",
        "agrees",
        "open",
    ]
    expect(checks.first).to_contain_text("expected: none")


def test_the_line_of_code_the_rows_and_the_change_are_shown_whole(
    page: Page, server: RunningServer
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    expect(card.locator(".where")).to_contain_text("train.py:48")
    expect(card.locator(".where")).to_contain_text("and 3 more in the batch")
    expect(card.locator(".diff .add")).to_have_text("+ return -ops.log(ops.maximum(p, 1e-7))")
    code = card.locator(".diff")
    assert code.evaluate("(node) => node.scrollWidth <= node.clientWidth")


def test_titles_of_causes_that_come_late_leave_a_card_as_it_is(
    page: Page, server: RunningServer
) -> None:
    held: list[Route] = []
    page.route("**/api/v1/causes", lambda route: held.append(route))
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    yes = card.get_by_role("button", name="Yes")
    yes.focus()
    held[0].continue_()
    expect(card.locator(".cause a")).to_be_visible()
    expect(yes).to_be_focused()


def replayed(label: str, told: str, verified: bool | None) -> events.Cause:
    """A cause whose fix was tried so."""
    seen = events.Evidence("replay with the fix", told, "finite, and the loss falls")
    return events.Cause(label, 0.9, "A summary.", (seen,), verified=verified)


def test_how_a_fix_did_in_a_replay_is_said_with_its_numbers(
    page: Page, server: RunningServer
) -> None:
    causes = (
        replayed("custom_loss_log_of_nonpositive", "200 steps: finite, loss 4.84 to 2.57", True),
        replayed("lr_too_high", "rate 0.001, 7 steps: not finite", False),
        replayed("corrupt_batch", "not made: no time was left", None),
    )
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, causes))
    card.get_by_text("2 other suspects").click()
    expect(card.locator(".tried")).to_have_text(
        [
            "The fix held in a replay (200 steps: finite, loss 4.84 to 2.57)",
            "Did not help by itself in a replay (rate 0.001, 7 steps: not finite)",
            "Not proven by a replay (not made: no time was left)",
        ]
    )


WHOLE = """(node) => {
    const {top, bottom} = node.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
}"""


def test_what_happened_why_where_and_the_change_are_seen_at_once(
    page: Page, server: RunningServer
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    for part in ("h2", ".cause", ".lead", ".where", ".diff", ".tried"):
        assert card.locator(part).evaluate(WHOLE), part


def test_a_phone_shows_first_what_happened_and_why(page: Page, server: RunningServer) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    for part in ("h2", ".cause", ".lead", ".where"):
        assert card.locator(part).evaluate(WHOLE), part
    above = "(node) => node.getBoundingClientRect().bottom < 1.5 * innerHeight"
    assert card.locator(".tried").evaluate(above)


def test_a_mended_line_is_copied_without_the_old_one_and_the_signs(
    page: Page, server: RunningServer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    card.get_by_role("button", name="Copy", exact=True).click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "return -ops.log(ops.maximum(p, 1e-7))"


def test_a_click_on_a_card_lets_the_curves_show_its_step(page: Page, server: RunningServer) -> None:
    card = shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)))
    card.get_by_text("Evidence").click()
    page.wait_for_url(re.compile(r"steps=0-64"))


def test_a_link_to_a_card_opens_it(page: Page, server: RunningServer) -> None:
    found = events.Diagnosis("loss_stuck", "warning", 20, (cause("dead_relus"),))
    shown(page, server, events.Diagnosis("nan_loss", "critical", 4, (cause(),)), found)
    wanted = page.get_by_role("article").filter(has_text="does not fall").get_attribute("id")
    page.goto("/losses")
    page.goto(f"/runs/healthy#{wanted}")
    expect(page.locator(f"#{wanted}")).to_be_focused()
    expect(page.locator(f"#{wanted}")).to_have_class(re.compile("found"))
