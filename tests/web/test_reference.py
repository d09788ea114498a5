"""The catalogues of losses and causes in a real browser: lists, pages, the playground."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from nanwatch.diagnosis import CAUSES
from nanwatch.losses import LOSSES
from web.served import RunningServer, broken_run

CURVE = re.compile(r"^Loss and gradient for y_pred\[0\].* the loss is ")


def opened(page: Page, path: str) -> Locator:
    """The playground of a loss, drawn."""
    page.goto(path)
    page.wait_for_function("() => document.querySelector('.playground .plot .main-svg')")
    return page.locator(".playground")


def sample(playground: Locator, number: int = 0) -> list[str]:
    """A sample's y_true, y_pred, loss and gradient, as shown."""
    return playground.locator("tbody tr").nth(number).locator("td").all_inner_texts()


def drawn(page: Page, trace: str) -> dict[str, Any]:
    """A trace of the curve."""
    found: dict[str, Any] = page.evaluate(
        "(name) => document.querySelector('.plot').data.find((one) => one.name === name)", trace
    )
    return found


def test_every_loss_is_listed_under_its_kind_with_its_curve(page: Page) -> None:
    page.goto("/losses")
    expect(page.locator(".entry a")).to_have_text([each.name for each in LOSSES.values()])
    kinds = dict.fromkeys(each.kind for each in LOSSES.values())
    expect(page.locator("#list h2")).to_have_text(list(kinds))
    expect(page.locator(".sketch path[d^=M]")).to_have_count(len(LOSSES) - 1)


def test_every_cause_is_listed_and_found_by_its_symptom(page: Page) -> None:
    page.goto("/causes")
    expect(page.locator(".entry a")).to_have_count(len(CAUSES))
    page.keyboard.press("/")
    page.keyboard.type("nan val")
    expect(page.locator(".entry a").first).to_be_visible()
    expect(page.locator("#list")).to_contain_text("nan_in_validation_data")
    assert parse_qs(urlsplit(page.url).query) == {"q": ["nan val"]}
    page.reload()
    expect(page.locator("#count")).to_contain_text(f"of {len(CAUSES)} causes")


def test_a_cause_says_why_and_how_to_mend_it(page: Page) -> None:
    cause = CAUSES["nan_in_features"]
    page.goto("/causes")
    page.get_by_role("link", name=cause.title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(cause.title)
    expect(page.locator("#body")).to_contain_text(cause.why)
    expect(page.get_by_label("Mended code")).to_contain_text("dropna")
    expect(page.locator("#body")).to_contain_text("nanwatch explain nan_in_features")


@pytest.mark.parametrize("path", ["/losses/nothing", "/causes/nothing"])
def test_an_unknown_name_leads_to_the_list(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_contain_text("No such")
    expect(page.get_by_role("link", name="All ")).to_be_visible()


@pytest.mark.parametrize("name", ["mse", "MeanSquaredError", "keras.losses.mean_squared_error"])
def test_a_loss_has_a_page_under_any_of_its_names(page: Page, name: str) -> None:
    opened(page, f"/losses/{name}")
    expect(page.get_by_role("heading", level=1)).to_have_text("MeanSquaredError")
    expect(page.locator("#about")).to_contain_text("mean((y_true - y_pred)**2)")
    expect(page.locator("#try")).to_contain_text("The square belongs inside the sum")


def test_every_loss_has_a_curve_of_its_value_and_gradient(page: Page) -> None:
    for name in set(LOSSES) - {"Loss"}:
        playground = opened(page, f"/losses/{name}")
        assert len(drawn(page, "loss")["x"]) == len(drawn(page, "gradient")["y"]) > 200
        expect(playground.locator(".problem")).to_be_empty()
        expect(playground.locator(".plot")).to_have_attribute("aria-label", CURVE)


def test_what_is_typed_is_computed_and_kept_in_the_address(page: Page) -> None:
    playground = opened(page, "/losses/MeanSquaredError")
    playground.get_by_role("textbox", name="y_true").fill("[[12], [20]]")
    playground.get_by_role("textbox", name="y_pred").fill("[[14], [19]]")
    expect(playground.locator("output")).to_have_text("2.5")
    assert sample(playground, 1) == ["[20]", "[19]", "1", "[−1]"]
    playground.get_by_label("reduction").select_option("sum")
    playground.locator("[name=vary]").select_option("1")
    page.reload()
    expect(playground.locator("output")).to_have_text("5")
    expect(page.locator(".plot")).to_contain_text("y_pred[1][0]")


def test_parameters_change_the_loss(page: Page) -> None:
    playground = opened(page, "/losses/BinaryCrossentropy?y_pred=[[2]]")
    assert sample(playground)[2:] == ["1.19209e-7", "[0]"]
    playground.get_by_label("from_logits").check()
    assert sample(playground)[2:] == ["0.126928", "[−0.119203]"]
    assert parse_qs(urlsplit(page.url).query)["from_logits"] == ["true"]


def test_what_is_not_finite_is_shown_as_such(page: Page) -> None:
    typed = "y_true=[[nan],[1]]&y_pred=[[0],[inf]]&sample_weight=[0,1]"
    playground = opened(page, f"/losses/MeanSquaredError?{typed}")
    expect(playground.locator("output")).to_have_class("nonfinite")
    assert [sample(playground, i)[2:] for i in (0, 1)] == [["NaN", "[NaN]"], ["+Inf", "[+Inf]"]]
    words = page.evaluate("document.querySelector('.plot').layout.annotations.map((a) => a.text)")
    assert words == ["NaN", "NaN"]


def test_bad_input_is_said_in_words_at_its_field(page: Page) -> None:
    playground = opened(page, "/losses/SparseCategoricalCrossentropy")
    playground.get_by_role("textbox", name="y_true").fill("[7]")
    expect(playground.get_by_role("alert")).to_contain_text("y_true: There is no class 7 among 3")
    expect(playground.get_by_role("textbox", name="y_true")).to_have_attribute(
        "aria-invalid", "true"
    )
    playground.get_by_role("button", name="As scores").click()
    expect(playground.locator(".problem")).to_be_empty()
    expect(playground.get_by_label("from_logits")).to_be_checked()


def test_a_hostile_address_is_text(page: Page) -> None:
    page.goto("/losses/Huber?delta=%3Cimg src=x onerror=alert(1)%3E")
    expect(page.locator("#problem")).to_contain_text("“<img src=x onerror=alert(1)>”")
    assert page.locator("main img").count() == 0


def test_a_diagnosis_leads_to_its_cause_and_a_run_to_its_loss(
    page: Page, server: RunningServer
) -> None:
    broken_run(server.url)
    page.goto("/runs/broken")
    expect(page.locator("#facts a")).to_have_attribute("href", "/losses/MeanSquaredError")
    page.get_by_role("link", name=CAUSES["nan_in_features"].title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CAUSES["nan_in_features"].title)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Losses").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Losses")
