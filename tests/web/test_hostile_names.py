"""What comes from a run is text on every page, however it is written."""

from playwright.sync_api import Page, expect

from web.served import RunningServer, healthy_run

HOSTILE = {
    "markup": "<img src=x onerror=alert(1)>",
    "a script": "</script><script>alert(1)</script>",
    "an address": "javascript:alert(1)//https://x.example",
    "right to left": "loss\u202egnp.exe",
    "a template": "{{7*7}}${alert(1)}",
    "no end": "x" * 256,
}


def test_hostile_words_are_text_on_every_page(page: Page, server: RunningServer) -> None:
    for number, words in enumerate(HOSTILE.values()):
        healthy_run(server.url, f"evil{number}", words, project=words, tags=(words,))
    runs = [f"evil{number}" for number in range(len(HOSTILE))]
    compared = f"/compare?runs={','.join(runs[:4])}"
    for path in ("/", "/alerts", "/settings", compared, *(f"/runs/{run}" for run in runs)):
        page.goto(path)
        expect(page.get_by_role("main")).to_be_visible()
        expect(page.locator("main img[src=x], main script")).to_have_count(0)
        expect(page.locator("[href^='javascript:'], [src^='javascript:']")).to_have_count(0)
    page.goto("/")
    names = page.locator(".runs .name a")
    expect(names).to_have_count(len(HOSTILE))
    assert set(names.evaluate_all("(all) => all.map((node) => node.textContent)")) == set(
        HOSTILE.values()
    )
