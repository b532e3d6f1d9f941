"""The page at its edges: only the keyboard, a key, nothing there yet, hostile text, and the widget on another site."""

import json
import threading
from argparse import Namespace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from playwright.sync_api import expect

import mock_service
from examples import DROP, example_rows, signed_in

HOSTILE = '<img src=x onerror="window.hacked = true"></textarea><script>window.hacked = true</script>'


def hostile(trial):
    """Markup, long words and text from right to left in file names, rows, names of jobs and addresses: shown as text, never run."""
    if not trial.is_mock:
        return
    context = trial.context(360)
    page = trial.page(context, listens=False)
    page.on("pageerror", lambda error: trial.messages.append(str(error)))
    page.on("console", lambda message: trial.hear(message.type, message.text, page) if "status of 40" not in message.text else None)

    def unharmed(name):
        trial.check(f"hostile: {name} stays text", page.evaluate("window.hacked") is None
                    and page.locator("main img, main script, .toasts img").count() == 0)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        trial.check(f"hostile: {name} is not wider than the window", wide <= 1, wide)

    rows = [{"prompt": f"{HOSTILE} {index}", "completion": f" \u202e{HOSTILE}{index} "} for index in range(20)]
    rows += [{"prompt": "w" * 3000, "completion": " " + "\u0301" * 300}, {"prompt": "__proto__ ", "completion": " constructor"}]
    page.evaluate(DROP, [f"{HOSTILE.replace('/', '')}.jsonl", "\n".join(map(json.dumps, rows)) + "\n{broken <b>\n"])
    page.wait_for_selector(".tokens mark")
    for summary in page.locator(".finding summary").all():
        summary.click()
    unharmed("a file")
    trial.axe(page, "a hostile file")
    page.locator("#save-data").click()
    page.wait_for_selector("#saved")
    unharmed("a saved file")
    page.locator("#saved a").click()
    page.wait_for_selector("#tune-choices .value")
    page.locator("#tune-suffix").evaluate("(field, text) => { field.maxLength = 500; field.value = text }", HOSTILE)
    page.locator("#tune-samples").fill(HOSTILE)
    page.locator("#tune-start").click()
    page.wait_for_selector("#job .badge.succeeded", timeout=trial.seconds * 1000)
    page.wait_for_selector("#job .scroll a")
    unharmed("a job")
    page.get_by_role("link", name="Report", exact=True).last.click()
    page.wait_for_selector("#report-body .charts svg")
    page.locator("#report-compare").click()
    page.wait_for_function("() => document.querySelectorAll('.against li').length > 0 && ![...document.querySelectorAll('.against dd')].some(one => one.textContent === '…')")
    unharmed("a report")
    for address in ("jobs/" + quote(HOSTILE), "chat/" + quote(HOSTILE), "test/" + quote(HOSTILE), "report/" + quote(HOSTILE),
                    "tune/%E0%A4%A", "__proto__", "constructor/x", HOSTILE):
        page.goto(f"{trial.address}/#/{address}")
        page.wait_for_timeout(300)
        unharmed(f"the address {address[:20]}")
        trial.check(f"hostile: the address {address[:20]} shows one section", page.locator("main > section:not([hidden])").count() == 1)
    page.evaluate("['theme', 'chats', 'tests', 'test.own'].forEach(name => localStorage.setItem('luthier.' + name, '{\"a\": 1}'))")
    page.goto(f"{trial.address}/#/chat")
    page.reload()
    page.wait_for_function("() => document.querySelector('#chat-model').options.length > 0")
    trial.check("hostile: broken storage is left aside", page.locator("#chat-log .start").is_visible())
    context.close()
    trial.quiet("hostile")


def keyboard(trial):
    """The page without a mouse: skip link, sections, theme; and without motion."""
    context = trial.context(reduced_motion="reduce")
    page = trial.page(context)
    signed_in(trial, page)
    page.wait_for_selector("#connection.up")
    page.locator("body").focus()
    page.keyboard.press("Tab")
    trial.check("keyboard: the skip link comes first", page.evaluate("document.activeElement.id") == "skip")
    trial.picture(page, "keyboard-skip-1280-light", full=False)
    page.keyboard.press("Enter")
    trial.check("keyboard: it leads to the content", page.evaluate("document.activeElement.id") == "main")
    page.keyboard.press("Tab")
    trial.check("keyboard: then comes the choice of a file", page.evaluate("document.activeElement.id") == "drop-file")
    trial.picture(page, "keyboard-choice-1280-light", full=False)
    page.locator("nav.sections a").nth(3).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat:not([hidden])")
    trial.check("keyboard: a section takes the focus to its title", page.evaluate("document.activeElement.id") == "chat-title")
    trial.check("keyboard: the title of the page follows", page.title().startswith("Chat"))
    page.locator("#theme").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    trial.check("theme: the switch makes it dark", page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 20, 18)")
    page.reload()
    trial.check("theme: and it stays", page.evaluate("document.documentElement.dataset.theme") == "dark")
    context.close()
    trial.quiet("keyboard")


def key(trial):
    """A service that demands a key: asked for, refused, taken, kept in this tab only."""
    if not trial.is_mock:
        return
    server = mock_service.start(Namespace(**vars(mock_service.parser().parse_args(["--port", "0", "--key", "sesame"]))))
    base = f"http://127.0.0.1:{server.server_address[1]}"
    context = trial.context()
    page = trial.page(context, listens=False, base=base)
    page.wait_for_selector("#key-dialog[open]")
    trial.axe(page, "the question for a key")
    trial.picture(page, "key-1280-light", full=False)
    page.locator("#key").fill("wrong")
    page.locator("#key-use").click()
    page.wait_for_selector("#key-problem:not([hidden])")
    trial.check("key: a wrong one is refused", page.locator("#key-dialog[open]").count() == 1)
    page.locator("#key").fill("sesame")
    page.locator("#key-use").click()
    page.wait_for_selector("#connection-text:has-text('0.5.0')")
    page.evaluate(DROP, ["weather.jsonl", example_rows()])
    page.wait_for_selector(".finding")
    trial.check("key: the right one opens, for uploads too", page.locator("#key-dialog[open]").count() == 0)
    trial.check("key: it is in the tab's storage only", page.evaluate("sessionStorage.getItem('luthier.key')") == "sesame"
                and not page.evaluate("JSON.stringify(localStorage).includes('sesame')"))
    context.close()
    server.shutdown()


def states(trial):
    """Nothing there yet, and a service that goes away and comes back."""
    if not trial.is_mock:
        return
    server = mock_service.start(mock_service.parser().parse_args(["--port", "0", "--empty"]))
    base = f"http://127.0.0.1:{server.server_address[1]}"
    for width, scheme in ((1280, "light"), (360, "dark")):
        context = trial.context(width, scheme)
        page = trial.page(context, base=base)
        for section in ("data", "tune", "jobs", "chat", "test", "report"):
            page.goto(f"{base}/#/{section}")
            page.wait_for_selector(f"#{section} .empty" if section != "data" else "#files .muted")
            trial.axe(page, f"empty {section} at {width}")
            trial.picture(page, f"empty-{section}-{width}-{scheme}")
        context.close()
    trial.quiet("empty states")
    context = trial.context()
    page = trial.page(context, listens=False, base=base)
    page.wait_for_selector("#connection.up")
    context.set_offline(True)
    page.locator("nav.sections a").nth(2).click()
    page.wait_for_selector("#disconnected:not([hidden])")
    trial.check("states: a service that is gone is said", "does not answer" in page.locator("#disconnected").inner_text())
    trial.axe(page, "disconnected")
    trial.picture(page, "disconnected-1280-light")
    context.set_offline(False)
    page.locator("#try-again").click()
    page.wait_for_selector("#disconnected", state="hidden")
    trial.check("states: and back", page.locator("#connection.up").count() == 1)
    context.close()
    server.shutdown()


def widget(trial):
    """The chat on a page of another origin: answers, markup stays text, and an origin that is not allowed is refused."""
    if not trial.is_mock:
        return
    service = mock_service.start(mock_service.parser().parse_args(["--port", "0"]))
    address = f"http://127.0.0.1:{service.server_address[1]}"
    html = f"""<!doctype html><html lang="en"><head><title>A bakery</title><style>p {{ color: red; font-size: 40px }} button {{ display: none }}</style></head>
      <body><main><h1>A bakery</h1><p>Bread.</p></main>
      <script src="{address}/widget.js" data-model="smollm2-135m" data-title="Ask the baker" data-greeting="Good morning!"></script></body></html>"""

    class Site(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Security-Policy", f"default-src 'self'; style-src 'self' 'unsafe-inline'; script-src {address}; connect-src {address}")
            self.end_headers()
            self.wfile.write(html.encode())

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{site.server_address[1]}"
    service.service.options.allow_origin.append(origin)
    for width, scheme in ((1280, "light"), (360, "dark")):
        context = trial.context(width, scheme)
        page = trial.page(context, "", base=origin, listens=False)
        page.get_by_role("button", name="Ask the baker").click()
        page.locator("textarea").fill("Say <img src=x> in markup")
        page.locator("textarea").press("Enter")
        page.locator("button.act:has-text('Send')").wait_for()
        expect(page.locator(".assistant")).to_have_count(2)
        text = page.locator(".assistant").last.inner_text()
        trial.check(f"widget at {width}: it answers on another site, and markup stays text", "<img src=x onerror" in text and page.locator("img").count() == 0, text)
        trial.check(f"widget at {width}: it names the places in the documents", "docs/places.md:12" in page.locator(".sources").last.inner_text())
        trial.check(f"widget at {width}: the site's style does not reach it", page.locator(".assistant").last.evaluate("node => getComputedStyle(node).fontSize") == "15px")
        trial.axe(page, f"widget at {width}")
        trial.picture(page, f"widget-{width}-{scheme}", full=False)
        page.keyboard.press("Escape")
        trial.check(f"widget at {width}: Escape closes it", page.get_by_role("button", name="Ask the baker").is_visible())
        context.close()
    service.service.options.allow_origin.clear()
    context = trial.context()
    page = trial.page(context, "", base=origin, listens=False)
    page.get_by_role("button", name="Ask the baker").click()
    page.locator("textarea").fill("Hello")
    page.locator("textarea").press("Enter")
    page.locator(".problem").wait_for()
    trial.check("widget: an origin that is not allowed gets nothing", "cannot be reached" in page.locator(".problem").inner_text())
    context.close()
    service.shutdown()
    site.shutdown()
