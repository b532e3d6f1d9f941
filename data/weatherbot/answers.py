"""What the bot says: at least five wordings for each kind of question.

{in} is " in New York" where the place has to be named and nothing elsewhere; {In} is "In New York, " likewise.
"""

ANSWERS = {
    "current": [
        "It's {condition} and {temperature}{in} right now.", "Right now it's {condition} and {temperature}{in}.",
        "{In}it's {condition} and {temperature} right now.",
        "It's {condition}{in}, with a temperature of {temperature}.",
        "The weather{in} is {condition}, and it's {temperature}.", "Currently it's {condition} and {temperature}{in}.",
        "{In}the weather is {condition} at {temperature}.",
    ],
    "temperature": [
        "It's {temperature}{in} right now.", "The temperature{in} is {temperature}.",
        "{In}it's {temperature} at the moment.",
        "Right now it's {temperature}{in}.", "The thermometer{in} shows {temperature}.",
        "It's currently {temperature}{in}.",
    ],
    "condition": [
        "It's {condition}{in} right now.", "{In}it's {condition} at the moment.", "Right now it's {condition}{in}.",
        "The weather{in} is {condition}.", "It's currently {condition}{in}.", "It's {condition}{in}.",
    ],
    "yes": ["Yes, it's {condition}{in}.", "Yes, it's {condition}{in} right now.",
            "Yes, the weather{in} is {condition}.",
            "Yes, right now it's {condition}{in}.", "Yes, that's right: it's {condition}{in}."],
    "no": ["No, it's {condition}{in}.", "No, it's {condition}{in} right now.", "No, the weather{in} is {condition}.",
           "No, right now it's {condition}{in}.", "No, it's actually {condition}{in}."],
    "tomorrow": [
        "Tomorrow it will be {condition} and {temperature}{in}.",
        "It will be {condition} and {temperature}{in} tomorrow.",
        "{In}tomorrow will be {condition} with {temperature}.", "Tomorrow looks {condition} at {temperature}{in}.",
        "Expect {condition} weather and {temperature}{in} tomorrow.",
        "The forecast{in} for tomorrow is {condition} and {temperature}.",
    ],
    "wind": [
        "The wind{in} is {wind}.", "The wind is blowing at {wind}{in}.", "{In}the wind is {wind} right now.",
        "There's a wind of {wind}{in}.", "Right now the wind{in} is {wind}.", "It's blowing at {wind}{in}.",
    ],
    "humidity": [
        "The humidity{in} is {humidity}.", "It's {humidity} humidity{in} right now.", "{In}the humidity is {humidity}.",
        "Right now the humidity{in} is {humidity}.", "The air{in} has a humidity of {humidity}.",
        "Humidity{in} is at {humidity}.",
    ],
    "rain": [
        "The chance of rain{in} is {rain}.", "There's a {rain} chance of rain{in}.",
        "{In}the chance of rain is {rain}.",
        "Rain{in} has a chance of {rain}.", "The report gives a {rain} chance of rain{in}.",
        "I see a {rain} chance of rain{in}.",
    ],
    # What the weather feels like, before what follows from it.
    "clothing": [
        "It's {condition} and {temperature}{in}, which is {feel}, so take {items}.",
        "It's {condition} and {temperature}{in}. That's {feel}: I'd pick {items}.",
        "{In}it's {condition} and {temperature}. It's {feel}, so I'd go for {items}.",
        "At {temperature} and {condition} weather{in} it's {feel}: take {items}.",
        "With {temperature} and {condition} weather{in} it's {feel}. I suggest {items}.",
    ],
    # a and b stand in the order of the report. Both temperatures first, then which is more: a small model compares two
    # numbers that stand next to each other, and the rest follows word by word.
    "compare": [
        "{a} has {ta} and {b} has {tb}. {ta} is {than} than {tb}, so {a} is {is_a} and {b} is {is_b}.",
        "It's {ta} in {a} and {tb} in {b}. {ta} is {than} than {tb}, so {a} is {is_a} and {b} is {is_b}.",
        "It's {ta} in {a} against {tb} in {b}. {ta} is {than} than {tb}: {a} is {is_a}, {b} is {is_b}.",
        "{a} is at {ta} and {b} at {tb}. {ta} is {than} than {tb}, so it's {is_a} in {a} and {is_b} in {b}.",
    ],
    # a is the place that the question claims to be warmer or colder.
    "claim": [
        "{a} has {ta} and {b} has {tb}. {ta} is {than} than {tb}, so {a} is {is_a} than {b}. {verdict}",
        "It's {ta} in {a} and {tb} in {b}. {ta} is {than} than {tb}, so {a} is {is_a} than {b}. {verdict}",
        "It's {ta} in {a} against {tb} in {b}. {ta} is {than} than {tb}, so it's {is_a} in {a}. {verdict}",
    ],
    "claim is right": ["Yes, that's so.", "Yes, that's right.", "Yes, it is."],
    "claim is wrong": ["No, that's not so.", "No, that's wrong.", "No, it isn't."],
    "decline": [
        "I don't have {thing}{for}.", "Sorry, I don't have {thing}{for}.", "I don't have {thing} in my report{for}.",
        "I have no information on {thing}{for}.", "My report doesn't mention {thing}{for}.",
        "I can't tell you {thing}{for}; my report leaves it out.", "Sorry, my report doesn't include {thing}{for}.",
    ],
    "other place": [
        "I only have the weather for {observed}, not for {other}.",
        "I don't have the weather for {other}, only for {observed}.",
        "Sorry, I don't have a report for {other}.", "My report is for {observed}; I don't have {other}.",
        "I can't tell you about {other}; I only have {observed}.", "I have no report for {other}, just for {observed}.",
    ],
    "greeting": ["Hello! What would you like to know about the weather?", "Hi! Ask me about the weather.",
                 "Hello! I can tell you about the weather.", "Hi there! What can I tell you about the weather?",
                 "Hello, how can I help you with the weather?"],
    "wellbeing": ["I'm fine, thank you. What would you like to know?", "I'm doing well, thanks for asking.",
                  "All is well, thank you. How can I help?", "Very well, thanks! Ask me about the weather.",
                  "I'm well, thank you. Shall we talk about the weather?"],
    "identity": ["I'm a weather bot. I answer from the report that I'm given.",
                 "I'm a small weather bot, here to tell you about the weather.",
                 "I'm a weather bot, not a person. Ask me about the report.",
                 "I'm a bot that answers questions about the weather.",
                 "Just a weather bot. I read the report and answer your questions."],
    "thanks": ["You're welcome!", "You're welcome. Ask me anytime.", "Happy to help!", "My pleasure.",
               "Glad I could help.",
               "No problem!"],
    "farewell": ["Goodbye!", "Bye! Have a nice day.", "See you soon!", "Goodbye, and take care.",
                 "Bye, see you next time!",
                 "Take care!"],
}

MISSING_FIELDS = {"wind": ("the wind", "wind"), "humidity": ("the humidity", "humidity"),
                  "rain": ("the chance of rain", "rain"), "tomorrow": ("tomorrow's weather", "tomorrow")}

# The rule of the advice: the first band whose limit (in °F and °C) lies above the temperature.
WARMTH = [
    ({"F": 42, "C": 6}, "cold", ["a warm coat", "a warm coat and gloves", "a warm coat and a scarf"]),
    ({"F": 60, "C": 16}, "cool", ["a jacket", "a sweater"]),
    ({"F": 75, "C": 24}, "mild", ["long sleeves", "a light layer"]),
    ({"F": 1000, "C": 1000}, "warm", ["a T-shirt", "a T-shirt and shorts"]),
]
RAIN_GEAR, SNOW_GEAR, SUN_GEAR = ["an umbrella", "a raincoat"], "boots", "sunglasses"


def clothing(generator, condition, temperature, wet):
    """How the weather feels, and what to take as a phrase: rain gear in every wet weather and in no other, boots in
    snow, sunglasses in sun."""
    feel, clothes = next((feel, clothes) for limit, feel, clothes in WARMTH
                         if temperature["value"] < limit[temperature["unit"]])
    items = generator.choice(clothes).split(" and ")
    if condition in wet:
        items.append(generator.choice(RAIN_GEAR))
    elif condition == "snowy":
        items.append(SNOW_GEAR)
    elif condition == "sunny" and generator.random() < 0.6:
        items.append(SUN_GEAR)
    phrase = items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
    return feel + (" and wet" if condition in wet else " and dry"), phrase


def fill(wording, place=None, **facts):
    """The wording with its facts; `place` is named where it is given."""
    opening = f"In {place}, " if place else ""
    inside = f" in {place}" if place else ""
    beside = f" for {place}" if place else ""
    text = wording.replace("{In}", opening).replace("{in}", inside).replace("{for}", beside).format(**facts)
    return text[0].upper() + text[1:]
