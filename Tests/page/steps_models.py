"""What a person does with tuned models: chat, ten questions, the report."""

import re

from examples import CITIES, signed_in


def tuned(page):
    """The newest tuned model."""
    return page.evaluate("[...document.querySelectorAll('#chat-model option')].map(one => one.value).find(one => one.startsWith('ft:'))")


def documents(trial, page, ask, wait):
    """Answers name their places in the documents, and say so where there is none."""
    source = page.locator(".answer").first.locator(".sources li").first
    trial.check("documents: an answer names its place", "docs/places.md:12-14" in source.locator("summary").inner_text())
    source.locator("summary").click()
    trial.check("documents: a place opens to its passage, as text", "In <b>Oslo</b> it is cold" in source.locator("p").inner_text())
    ask("Who painted the Mona Lisa?", 4)
    trial.check("documents: nothing near enough", "no model was asked" in page.locator("p.sources").last.inner_text(),
                page.locator(".answer").last.inner_text())
    page.locator("#chat-more summary").click()
    page.get_by_label("Answer from the documents").uncheck()
    page.locator(".question").last.get_by_role("button").click()
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_function(wait, arg=4, timeout=trial.seconds * 1000)
    trial.check("documents: a chat may do without them", page.locator(".turn").last.locator(".sources").count() == 0)
    page.get_by_label("Answer from the documents").check()
    page.locator("#chat-more summary").click()
    page.locator(".question").last.get_by_role("button").click()
    page.locator(".editor textarea").fill("And in Lima?")
    page.get_by_role("button", name="Ask again").click()
    page.wait_for_function(wait, arg=4, timeout=trial.seconds * 1000)


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
    if trial.is_mock:
        documents(trial, page, ask, wait)
    trial.axe(page, "two models next to each other")
    trial.picture(page, "chat-beside-1280-light")
    # A message with markup stays text.
    ask("Say <img src=x onerror=\"window.hacked = true\"> back to me", 6 if trial.is_mock else 4)
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
    if not trial.is_mock:
        # The tuned model answers everything in a few words.
        page.locator("#chat-model").select_option(trial.options.base)
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
    legend = page.locator("#report-body .charts .legend").first.inner_text()
    trial.check("report: both losses are drawn", "Training" in legend and "Held out" in legend, legend)
    trial.check("report: base against tuned", page.locator(".against li").count() >= 1)
    trial.check("report: commands that repeat it", "luthier train" in page.locator("#report-body").inner_text())
    trial.check("report: what happened to the rows", page.get_by_text("What happened to the rows").count() >= 1)
    trial.axe(page, "report with answers")
    trial.picture(page, "report-answers-1280-light")
    context.close()
    trial.quiet("report")
