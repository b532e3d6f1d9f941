"""What the steps share: example data, and how a file is dropped."""

import json

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
