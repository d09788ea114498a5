"""A browser that attaches to a training in progress."""

from playwright.sync_api import expect

from whole.training import run_id_in

NAN_STEP = 36


def test_points_the_mark_and_the_card_arrive_without_reload(page, server, train):
    seen_it = server.folder / "seen"
    training = train(
        "nan_at_step.py",
        NAN_STEP,
        0.25,
        seen_it,
        NANWATCH_SERVER=server.url,
        NANWATCH_TOKEN=server.home.token(),
        NANWATCH_DIR=str(server.folder / "client"),
    )
    page.goto("/")
    page.get_by_role("link", name="nan-at-step").click(timeout=90_000)
    expect(page.locator("#live")).to_have_text("Live")
    page.evaluate("() => { window.notReloaded = true }")
    loss = "document.querySelector(\"[data-chart='key:loss'] .plot\")?.data"
    drawn = f"{loss}?.find((trace) => trace.name === 'loss')?.x.length"
    page.wait_for_function(f"() => {drawn} > 2", timeout=60_000)
    seen = page.evaluate(f"() => {drawn}")
    seen_it.touch()
    page.wait_for_function(f"() => {drawn} > {seen}")

    expect(page.get_by_text(f"NaN from step {NAN_STEP}")).to_be_visible(timeout=60_000)
    expect(page.locator("article").get_by_text("nan_in_labels")).to_be_visible(timeout=60_000)
    rail = page.evaluate(f"() => [...{loss}.find((trace) => trace.name === 'NaN').x]")
    assert rail == [NAN_STEP]
    assert page.evaluate("() => window.notReloaded")
    out, _ = training.finish()
    assert run_id_in(out) in page.url
