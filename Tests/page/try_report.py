#!/usr/bin/env python3
"""Opens reports of runs and sweeps in a headless Chromium, wide and narrow, light and dark.

    python3 -m venv .venv && .venv/bin/pip install playwright axe-playwright-python html5lib && apt-get install chromium
    .venv/bin/python Tests/page/try_report.py PAGE.html… [--screenshots FOLDER]

Each page must be valid HTML as html5lib's parser sees it, ask no network for anything, leave the console empty, be no wider
than the window, and give axe nothing to find. Prints one line for each check; exit status 1 if any failed. Look at the
screenshots: what is ugly is not found by a check.
"""

import argparse
import shutil
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
failures = []


def check(name, condition, detail=""):
    print(f"{'ok  ' if condition else 'FAIL'} {name}{'' if condition else ': ' + str(detail)[:1500]}", flush=True)
    if not condition:
        failures.append(name)


def valid(path):
    text = path.read_text(encoding="utf-8")
    try:
        import html5lib
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(text)
        check(f"{path.name}: html5lib finds no error", not parser.errors, parser.errors[:5])
    except ImportError:
        print("skipped: html5lib is not installed")


def look(browser, path, screenshots):
    for width in (1280, 360):
        for scheme in ("light", "dark"):
            name = f"{path.stem}-{width}-{scheme}"
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page = context.new_page()
            heard, asked = [], []
            page.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: heard.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.resolve().as_uri())
            for details in page.locator("details").all():
                details.evaluate("element => { element.open = true }")
            check(f"{name}: nothing in the console", not heard, heard)
            check(f"{name}: nothing is loaded", len(asked) == 1, asked)
            wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            check(f"{name}: nothing is wider than the window", wide[0] <= wide[1], wide)
            small = page.evaluate("""[...document.querySelectorAll('svg text')].filter(text => text.textContent.trim()
                && text.getBoundingClientRect().height < 9).length""")
            check(f"{name}: the text of charts can be read", small == 0, f"{small} texts are less than 9 pixels high")
            found = [f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:160] for node in one["nodes"][:3])
                     for one in Axe().run(page, options=RULES).response["violations"]]
            check(f"{name}: axe finds nothing", not found, "\n".join(found))
            if screenshots:
                screenshots.mkdir(parents=True, exist_ok=True)
                page.evaluate("document.querySelectorAll('details').forEach(element => { element.open = false })")
                page.screenshot(path=str(screenshots / f"{name}.png"), full_page=True)
            context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--screenshots", type=Path)
    parser.add_argument("--chromium", default=next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None))
    options = parser.parse_args()
    for path in options.pages:
        valid(path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium)
        for path in options.pages:
            look(browser, path, options.screenshots)
        browser.close()
    print(f"{len(failures)} failed" if failures else "all passed")
    sys.exit(1 if failures else 0)


main()
