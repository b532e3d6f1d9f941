"""What a person does with the page, step by step; `try_page.py` runs them in order."""

import json
import re
import threading
from argparse import Namespace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import expect

import mock_service

PAGE = Path(__file__).resolve().parent.parent.parent / "Sources" / "Service" / "Page"
CITIES = ["Hanoi", "Fargo", "Lima", "Oslo", "Quito", "Cairo"]


def example_rows():
    """Questions about the weather, with the defects that `prepare` should find."""
    lines = []
    for index in range(120):
        city, degrees = CITIES[index % 6], index
        lines.append(json.dumps({"prompt": f"Weather in {city}: cloudy, {degrees}°C. How is it?", "completion": f" It is cloudy and {degrees}°C in {city}."}, ensure_ascii=False))
    lines[7] = '{"prompt": "Weather in Oslo", "completion": '
    lines[20] = lines[19]
    lines[33] = json.dumps({"prompt": "Weather in Lima: sunny ", "completion": " It is sunny in Lima."})
    lines[34] = json.dumps({"prompt": "Weather in Quito: rain ", "completion": " It rains in Quito."})
    lines[50] = json.dumps({"prompt": "Weather in Cairo?", "completion": ""})
    lines[60] = json.dumps({"prompt": "My key is sk-abcdefghijklmnop1234", "completion": " Keep it secret."})
    return "\n".join(lines) + "\n"


DROP = """async ([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  const target = document.getElementById('drop');
  for (const kind of ['dragenter', 'dragover', 'drop'])
    target.dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def signed_in(trial, page):
    """Gives the key where the service asks for it."""
    if trial.options.key:
        page.locator("#key").fill(trial.options.key)
        page.locator("#key-use").click()


def sources(trial):
    """The files themselves: no HTML from strings, no handler or style in HTML, nothing from elsewhere."""
    for path in sorted(PAGE.iterdir()):
        text = path.read_text()
        bad = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:", text)
        trial.check(f"{path.name}: no HTML or code from strings", not bad, bad)
        if path.suffix == ".html":
            inline = re.findall(r"\son\w+=|\sstyle=|<style|<script(?![^>]*src=)", text)
            trial.check(f"{path.name}: no inline handler, style or script", not inline, inline)
            elsewhere = re.findall(r"(?:src|href)=\"(?!/page/|#)[^\"]*\"", text)
            trial.check(f"{path.name}: nothing from elsewhere", not elsewhere, elsewhere)
        lines = text.count("\n")
        trial.check(f"{path.name}: at most 400 lines", lines <= 400, lines)


def data(trial):
    """A file is dropped, a fix is left, and the rows are saved."""
    context = trial.context()
    page = trial.page(context)
    signed_in(trial, page)
    page.wait_for_selector("#connection.up")
    trial.check("data: nothing is saved yet, and the page says so", trial.is_mock is False or page.get_by_text("None yet.").is_visible())
    trial.picture(page, "data-start-1280-light")
    own = trial.options.data
    page.evaluate(DROP, [Path(own).name if own else "weather.jsonl", Path(own).read_text() if own else example_rows()])
    page.wait_for_selector(".finding, #checked", timeout=trial.seconds * 1000)
    findings = page.locator(".finding")
    if not own:
        trial.check("data: findings are shown", findings.count() >= 3, findings.count())
        trial.check("data: the broken line is named", page.locator(".finding.error").first.inner_text().find("Invalid JSON") >= 0)
    if findings.count():
        first = page.locator(".finding:has(.changes)").first
        first.locator("summary").click()
        trial.check("data: places have lines", first.locator("tbody tr").count() > 0)
        trial.check("data: before and after are shown", first.locator(".change").count() >= 2)
    page.wait_for_selector(".tokens mark", timeout=trial.seconds * 1000)
    trial.check("data: trained tokens are marked", page.locator(".tokens mark").count() > 0)
    page.get_by_role("button", name="Row after").click()
    page.wait_for_function("() => document.querySelector('#as-seen-tokens p')?.textContent.startsWith('Row 2 ')", timeout=trial.seconds * 1000)
    trial.axe(page, "data with findings")
    trial.picture(page, "data-findings-1280-light")
    if trial.is_mock:
        before = page.locator(".facts").first.inner_text()
        box = page.locator("#take-duplicate")
        box.focus()
        page.keyboard.press("Space")
        page.wait_for_function("before => document.querySelector('.facts').innerText !== before", arg=before)
        trial.check("data: a fix that is not taken keeps its row", not page.locator("#take-duplicate").is_checked())
        trial.check("data: the focus stays on the fix", page.evaluate("document.activeElement.id") == "take-duplicate")
        page.locator("#take-duplicate").check()
        page.wait_for_function("before => document.querySelector('.facts').innerText === before", arg=before)
    page.locator("#save-data").click()
    page.wait_for_selector("#saved", timeout=trial.seconds * 1000)
    trial.check("data: the saved file is listed", page.locator("#files .rows li").count() >= 1)
    trial.picture(page, "data-saved-1280-light")
    page.locator("#saved a").click()
    page.wait_for_selector("#tune-choices .value")
    trial.check("tune: the saved file is chosen", page.locator("#tune-training option:checked").inner_text().find(".jsonl") > 0)
    trial.kept = context.storage_state()
    context.close()
    trial.quiet("data")


def wide_table(trial):
    """A file that is not readable is refused in words."""
    if not trial.is_mock:
        return
    context = trial.context(360)
    page = trial.page(context, listens=False)
    page.evaluate(DROP, ["picture.png", "\0\0\0binary"])
    page.wait_for_selector("#check .problem")
    trial.check("data: a binary file is refused in words", "is not text" in page.locator("#check").inner_text())
    trial.axe(page, "data refused at 360")
    page.evaluate(DROP, ["weather.jsonl", example_rows()])
    page.wait_for_selector(".tokens mark")
    page.locator(".finding summary").first.click()
    trial.axe(page, "data with findings at 360")
    trial.picture(page, "data-findings-360-light")
    context.close()


def tune(trial):
    """Values are suggested with reasons, one is changed, a wrong one is refused, and a job starts."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/tune")
    signed_in(trial, page)
    page.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    page.locator("#tune-base").select_option(trial.options.base)
    page.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    reasons = page.locator("#tune-choices .reason").all_inner_texts()
    trial.check("tune: each value has a reason", len(reasons) >= 5 and all(reason.strip() for reason in reasons), reasons)
    page.wait_for_selector("#tune-estimate .big:has-text('about')", timeout=trial.seconds * 1000)
    trial.picture(page, "tune-suggested-1280-light")
    epochs = page.locator("#set-training-epochs")
    epochs.fill("0")
    epochs.press("Tab")
    page.wait_for_selector("#tune-problem:not([hidden])")
    trial.check("tune: a wrong value is refused at its field", epochs.get_attribute("aria-invalid") == "true")
    trial.picture(page, "tune-refused-1280-light")
    page.get_by_role("button", name="Use the suggestion").click()
    page.wait_for_selector("#tune-problem", state="hidden")
    epochs.fill("2")
    epochs.press("Tab")
    page.wait_for_selector(".value.mine #set-training-epochs")
    page.locator("#tune-suffix").fill("Weather bot")
    trial.check("tune: the name is shown", "weather-bot" in page.locator("#tune-name").inner_text())
    page.locator("#tune-samples").fill("How is the weather in Oslo?\nIs it warm in Lima?")
    trial.messages = [message for message in trial.messages if "400" not in message]
    page.locator("#tune-start").click()
    page.wait_for_selector("#job .badge", timeout=trial.seconds * 1000)
    trial.check("jobs: the started job is shown", "#/jobs/ftjob-" in page.url, page.url)
    context.close()
    trial.quiet("tune")


def jobs(trial):
    """The job is watched, paused, resumed, and watched to its end; another one is cancelled."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/jobs")
    signed_in(trial, page)
    page.wait_for_selector("#job .badge.running", timeout=trial.seconds * 1000)
    page.wait_for_function("() => document.querySelectorAll('.chart .line.train').length > 0", timeout=trial.seconds * 1000)
    page.wait_for_timeout(1500)
    trial.check("jobs: loss is drawn while it trains", page.locator(".chart path.line.train").count() >= 1)
    trial.axe(page, "a running job")
    trial.picture(page, "jobs-running-1280-light")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_selector("#job .badge.paused", timeout=trial.seconds * 1000)
    at = page.locator("#job progress + p").inner_text()
    page.wait_for_timeout(1500)
    trial.check("jobs: a paused job stays where it is", page.locator("#job progress + p").inner_text() == at)
    trial.picture(page, "jobs-paused-1280-light")
    page.get_by_role("button", name="Resume").click()
    page.wait_for_selector("#job .badge.running, #job .badge.succeeded", timeout=trial.seconds * 1000)
    # A second one waits in line, and is cancelled.
    other = trial.page(context, "#/tune")
    signed_in(trial, other)
    other.wait_for_selector("#tune-choices .value", timeout=trial.seconds * 1000)
    other.locator("#tune-suffix").fill("second")
    other.locator("#tune-start").click()
    other.wait_for_selector("#job .badge", timeout=trial.seconds * 1000)
    other.get_by_role("button", name="Cancel", exact=True).click()
    trial.axe(other, "the question before cancelling")
    other.get_by_role("button", name="Back").click()
    other.get_by_role("button", name="Cancel", exact=True).click()
    other.locator("#confirm-yes").click()
    other.wait_for_selector("#job .badge.cancelled", timeout=trial.seconds * 1000)
    trial.check("jobs: a job is cancelled", True)
    other.close()
    page.wait_for_selector("#job .badge.succeeded", timeout=trial.seconds * 1000)
    page.wait_for_selector("#job .scroll a", timeout=trial.seconds * 1000)
    texts = page.locator(".events li").all_inner_texts()
    trial.check("jobs: the last event is there", any("successfully completed" in text for text in texts), texts[-3:])
    trial.check("jobs: samples along the way", page.locator(".sample li").count() >= 2, page.locator(".sample li").count())
    page.locator(".chart summary").first.click()
    trial.check("jobs: the curves are also a table", page.locator(".chart tbody tr").count() > 3)
    trial.axe(page, "a finished job")
    trial.picture(page, "jobs-done-1280-light")
    page.locator(".chart .plot").first.hover(position={"x": 300, "y": 100})
    trial.check("jobs: the pointer shows values", page.locator(".tip").first.is_visible())
    page.get_by_role("link", name="Chat with it").click()
    page.wait_for_selector("#chat:not([hidden])")
    trial.check("chat: the tuned model is chosen, next to its base",
                page.locator("#chat-model").input_value().startswith("ft:") and page.locator("#chat-beside").input_value() == trial.options.base,
                page.locator("#chat-beside").input_value())
    context.close()
    trial.quiet("jobs")


def tuned(page):
    """The newest tuned model."""
    return page.evaluate("[...document.querySelectorAll('#chat-model option')].map(one => one.value).find(one => one.startsWith('ft:'))")


def chat(trial):
    """Questions are answered, stopped, edited and asked again; two models next to each other; chats are kept."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/chat")
    signed_in(trial, page)
    page.wait_for_function("() => document.querySelector('#chat-model').options.length > 0")
    trial.picture(page, "chat-start-1280-light")
    page.locator("#chat-model").select_option(tuned(page) or trial.options.base)
    page.locator("#chat-beside").select_option(trial.options.base)
    wait = "count => document.querySelectorAll('.answer').length === count && !document.querySelector('.answer[aria-busy]')"

    def ask(text, answers):
        page.locator("#chat-text").fill(text)
        page.locator("#chat-text").press("Enter")
        page.wait_for_function(wait, arg=answers, timeout=trial.seconds * 1000)

    ask("How is the weather in Oslo?", 2)
    said = page.locator(".answer .said").all_inner_texts()
    trial.check("chat: both models answer", all(text.strip() for text in said), said)
    if trial.is_mock:
        trial.check("chat: base and tuned differ", said[0] != said[1])
    page.get_by_role("button", name="Answer again").click()
    page.wait_for_function(wait, arg=2, timeout=trial.seconds * 1000)
    trial.check("chat: again takes another seed", page.locator("#chat-seed").input_value() == "2")
    ask("And in Lima?", 4)
    page.locator(".question").first.get_by_role("button").click()
    page.locator(".editor textarea").fill("How is the weather in Cairo?")
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_function(wait, arg=2, timeout=trial.seconds * 1000)
    trial.check("chat: an edited turn replaces what followed", page.locator(".turn").count() == 1)
    if trial.is_mock:
        trial.check("chat: the edit is answered", "Cairo" in page.locator(".answer .said").first.inner_text())
    trial.axe(page, "two models next to each other")
    trial.picture(page, "chat-beside-1280-light")
    # A message with markup stays text.
    ask("Say <img src=x onerror=\"window.hacked = true\"> back to me", 4)
    trial.check("chat: markup stays text", page.locator(".log img, .log b").count() == 0 and page.evaluate("window.hacked") is None)
    trial.check("chat: the question shows its markup", "<img src=x" in page.locator(".question").last.inner_text())
    if trial.is_mock:
        trial.check("chat: the answer shows its markup", "<img src=x onerror=" in page.locator(".answer .said").last.inner_text())
    # Stop
    page.locator("#chat-beside").select_option("")
    page.locator("#chat-more summary").click()
    page.locator("#chat-tokens").fill("1000")
    page.locator("#chat-system").fill("You only have Hanoi: cloudy, 10°C.")
    page.locator("#chat-tokens").press("Tab")
    page.locator("#chat-text").fill("Tell me a long story")
    page.locator("#chat-text").press("Enter")
    page.wait_for_function("() => document.querySelector('.turn:last-child .said')?.textContent.length > 20", timeout=trial.seconds * 1000)
    trial.check("chat: Send becomes Stop", page.locator("#chat-stop").is_visible() and not page.locator("#chat-send").is_visible())
    page.locator("#chat-stop").click()
    page.wait_for_selector(".answer-foot:has-text('stopped by you')")
    length = len(page.locator(".answer .said").last.inner_text())
    page.wait_for_timeout(400)
    trial.check("chat: a stopped answer grows no more", len(page.locator(".answer .said").last.inner_text()) == length)
    trial.picture(page, "chat-settings-1280-light")
    if trial.is_mock:
        page.locator("#chat-text").fill("please fail")
        page.locator("#chat-text").press("Enter")
        page.wait_for_selector(".answer .problem")
        trial.check("chat: a failure within an answer is said", "ran out of memory" in page.locator(".answer .problem").inner_text())
    page.get_by_role("button", name="Use it elsewhere").click()
    trial.check("chat: snippets for other programs", page.locator("#elsewhere-snippets pre").count() == 3)
    trial.axe(page, "snippets")
    trial.picture(page, "chat-elsewhere-1280-light", full=False)
    page.keyboard.press("Escape")
    page.locator("#chat-new").click()
    ask("Is it warm in Quito?", 1)
    page.reload()
    page.wait_for_selector("#chat-list li")
    trial.check("chat: chats are kept", page.locator("#chat-list li").count() == 2, page.locator("#chat-list li").count())
    page.locator("#chat-list .link").nth(1).click()
    trial.check("chat: an old chat is shown", page.locator(".turn").count() >= 3)
    page.locator("#chat-list li").nth(0).get_by_role("button").nth(1).click()
    page.locator("#confirm-yes").click()
    page.wait_for_function("() => document.querySelectorAll('#chat-list li').length === 1")
    trial.check("chat: a chat is deleted", True)
    if trial.is_mock:
        page.locator("#chat-new").click()
        page.locator("#chat-model").select_option("gpt2")
        ask("The weather in Oslo", 1)
        trial.check("chat: a model without a template continues text", not page.locator(".answer .problem").count())
    trial.kept = context.storage_state()
    context.close()
    trial.quiet("chat")


def questions(trial):
    """Ten questions to two models, marks by expected text and by a click; another model afterwards."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/test")
    signed_in(trial, page)
    page.wait_for_selector("#test-drawn li", timeout=trial.seconds * 1000)
    for index, city in enumerate(CITIES[:5]):
        page.locator(f"#own-{index}-asked").fill(f"How is the weather in {city}?")
        page.locator(f"#own-{index}-expected").fill(city if index < 4 else "")
    trial.check("test: five rows are drawn", page.locator("#test-drawn li").count() == 5, page.locator("#test-drawn li").count())
    drawn = page.locator("#test-drawn ol").inner_text()
    page.locator("#test-draw").click()
    page.wait_for_function("drawn => document.querySelector('#test-drawn ol').innerText !== drawn", arg=drawn)
    names = page.locator(".checks label").all_inner_texts()
    for index, name in enumerate(names):
        page.locator(f"#test-model-{index}").set_checked(name in (trial.options.base, next(one for one in names if one.startswith("ft:"))))
    trial.axe(page, "ten questions")
    trial.picture(page, "test-setup-1280-light")
    page.locator("#test-run").click()
    page.wait_for_selector("#test-score:has-text('Result')", timeout=trial.seconds * 1000)
    trial.check("test: ten questions, two answers each", page.locator(".results > li").count() == 10 and page.locator(".verdict").count() == 20)
    right = page.locator("#test-scores tbody tr").nth(1).locator("strong").inner_text()
    mark = page.locator(".verdict").nth(9).get_by_role("button", name=re.compile("^Right"))
    before = page.locator("#test-scores").inner_text()
    mark.click()
    trial.check("test: a click marks", page.locator("#test-scores").inner_text() != before, right)
    trial.check("test: the focus stays on the mark", page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true")
    if len(names) > 2:
        page.locator("#test-ask-another").click()
        page.wait_for_function("() => document.querySelectorAll('.verdict').length === 30 && document.querySelector('#test-score').textContent === 'Result'",
                               timeout=trial.seconds * 1000)
        trial.check("test: another model answers the same questions", page.locator("#test-scores tbody tr").count() == 3)
    trial.axe(page, "results")
    trial.picture(page, "test-result-1280-light")
    page.reload()
    page.wait_for_selector(".block .rows li")
    page.locator(".block .rows .link").first.click()
    trial.check("test: results are kept", page.locator(".verdict").count() >= 20)
    trial.kept = context.storage_state()
    context.close()
    phone = trial.context(360, "dark", trial.kept)
    page = trial.page(phone, "#/test")
    signed_in(trial, page)
    page.wait_for_selector(".block .rows li")
    page.locator(".block .rows .link").first.click()
    trial.axe(page, "results at 360")
    trial.picture(page, "test-result-360-dark")
    phone.close()
    trial.quiet("questions")


def report(trial):
    """What the job was; both models are asked for what was held out."""
    context = trial.context(state=trial.kept)
    page = trial.page(context, "#/report")
    signed_in(trial, page)
    page.wait_for_selector("#report-body .charts svg", timeout=trial.seconds * 1000)
    if page.locator("#report-compare").count():
        page.locator("#report-compare").click()
    page.wait_for_function("() => document.querySelectorAll('.against li').length > 0 && ![...document.querySelectorAll('.against dd')].some(one => one.textContent === '…')",
                           timeout=trial.seconds * 1000)
    trial.check("report: base against tuned", page.locator(".against li").count() >= 1)
    trial.check("report: commands that repeat it", "luthier train" in page.locator("#report-body").inner_text())
    trial.check("report: what happened to the rows", page.get_by_text("What happened to the rows").count() >= 1)
    trial.axe(page, "report with answers")
    trial.picture(page, "report-answers-1280-light")
    context.close()
    trial.quiet("report")


def keyboard(trial):
    """The page without a mouse: skip link, sections, theme; and without motion."""
    context = trial.context(reduced_motion="reduce")
    page = trial.page(context)
    signed_in(trial, page)
    page.wait_for_selector("#connection.up")
    page.locator("body").focus()
    page.keyboard.press("Tab")
    trial.check("keyboard: the skip link comes first", page.evaluate("document.activeElement.id") == "skip")
    page.keyboard.press("Enter")
    trial.check("keyboard: it leads to the content", page.evaluate("document.activeElement.id") == "main")
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


ALL = [sources, data, wide_table, tune, jobs, chat, questions, report, keyboard, key, states, widget]
