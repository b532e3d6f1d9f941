"""What people ask, in how many words of their own, and which wordings only the test split uses.

`named` questions hold {place}; `bare` ones can open a conversation without it; `after` ones need something before them.
A quarter of each list is kept out of training.
"""

import math
import random

QUESTIONS = {
    "current": {
        "named": [
            "What's the weather like in {place}?", "How is the weather in {place}?", "What's the weather in {place}?",
            "How's the weather looking in {place} today?", "Tell me the weather in {place}.",
            "Can you give me the weather for {place}?", "What's it like outside in {place} right now?",
            "What is the weather in {place} at the moment?", "How are things outside in {place}?",
            "Could you tell me how the weather is in {place}?", "Weather in {place}, please.",
            "I'm off to {place}. How is the weather there?", "What kind of weather does {place} have today?",
            "I'd like the current weather in {place}.", "Give me a weather update for {place}.",
            "What weather is {place} having?", "My sister lives in {place}. What's the weather there?",
            "How does the weather look over in {place}?", "What sort of day is it in {place}?",
            "Please check the weather in {place}.",
        ],
        "bare": [
            "What's the weather like?", "How's the weather right now?", "How is it outside?",
            "What's it like out there?",
            "Can you tell me the weather?", "Give me the current weather, please.", "How does it look outside today?",
            "What's the weather doing?",
        ],
        "after": [],
    },
    "temperature": {
        "named": [
            "What's the temperature in {place}?", "How warm is it in {place}?", "How hot is it in {place} right now?",
            "How cold is it in {place}?", "What is the temperature in {place} at the moment?",
            "How many degrees is it in {place}?", "Tell me the temperature in {place}.",
            "What does the thermometer say in {place}?", "Could you give me the temperature for {place}?",
            "How warm is {place} today?", "What temperature does {place} have?", "Temperature in {place}?",
            "Do you know how cold it is in {place}?", "I need the temperature in {place}.",
            "How many degrees does {place} have now?", "What's the reading on the thermometer in {place}?",
        ],
        "bare": [
            "What's the temperature?", "How warm is it outside?", "How cold is it right now?",
            "How many degrees is it?",
            "What does the thermometer show?", "How hot is it today?", "Can you tell me the temperature?",
            "What's the temperature out there?",
        ],
        "after": ["And the temperature?", "How about the temperature?", "And how warm is it?", "What about degrees?"],
    },
    "condition": {
        "named": [
            "What are the conditions in {place}?", "What does the sky look like in {place}?",
            "How does the sky look in {place}?", "What are the skies doing in {place}?",
            "Is it sun, clouds or rain in {place}?", "What are conditions like in {place} right now?",
            "Describe the sky over {place}.", "What can I see in the sky over {place}?",
            "Tell me the conditions in {place}.", "How's the sky in {place} today?",
        ],
        "bare": [
            "What are the conditions?", "How does the sky look?", "What's the sky like right now?",
            "Describe the sky for me.", "What's happening in the sky?",
        ],
        "after": ["And the sky?", "And the conditions?", "What about the sky?", "And how does the sky look?"],
    },
    "is it": {
        "named": [
            "Is it {guess} in {place}?", "Is it {guess} in {place} right now?", "Is {place} {guess} today?",
            "Is the weather {guess} in {place}?", "Would you say it's {guess} in {place}?",
            "I heard it's {guess} in {place}. Is that right?", "So is it {guess} over in {place}?",
            "Is it really {guess} in {place}?",
        ],
        "bare": [
            "Is it {guess}?", "Is it {guess} right now?", "Is it {guess} out there?", "Is the weather {guess} today?",
            "It's {guess}, isn't it?",
        ],
        "after": [],
    },
    "tomorrow": {
        "named": [
            "What's the weather in {place} tomorrow?", "How will the weather be in {place} tomorrow?",
            "What's tomorrow's weather in {place}?", "What is the forecast for {place} tomorrow?",
            "What will it be like in {place} tomorrow?", "Tell me tomorrow's forecast for {place}.",
            "How does tomorrow look in {place}?", "What should I expect in {place} tomorrow?",
            "I'm going to {place} tomorrow. How will it be?", "Do you have tomorrow's weather for {place}?",
            "What's coming tomorrow in {place}?", "Can you give me the forecast for tomorrow in {place}?",
            "What kind of day will it be in {place} tomorrow?", "Tomorrow in {place}, what's the weather?",
            "What does tomorrow hold for {place}?", "How about the weather in {place} tomorrow?",
        ],
        "bare": [
            "What's the weather tomorrow?", "How will it be tomorrow?", "What about the forecast for tomorrow?",
            "What's tomorrow going to be like?", "What's the outlook for tomorrow?", "How does tomorrow look?",
        ],
        "after": ["And tomorrow?", "What about tomorrow?", "How about tomorrow?", "And the day after this?",
                  "And then tomorrow?"],
    },
    "wind": {
        "named": [
            "How windy is it in {place}?", "What's the wind like in {place}?", "How strong is the wind in {place}?",
            "What's the wind speed in {place}?", "How fast is the wind blowing in {place}?",
            "Tell me about the wind in {place}.", "Is there much wind in {place}?",
            "Which way does the wind blow in {place}?",
            "How hard is it blowing in {place}?", "What is the wind doing in {place}?",
            "Can I fly a kite in {place}? How is the wind?", "Give me the wind for {place}.",
            "Where does the wind in {place} come from?", "I want to sail in {place}. What's the wind?",
            "How much wind does {place} have?", "Any wind in {place} today?",
        ],
        "bare": [
            "How windy is it?", "How strong is the wind?", "What's the wind speed?", "Is it blowing hard?",
            "What's the wind doing right now?", "Where is the wind coming from?",
        ],
        "after": ["And the wind?", "What about the wind?", "How about wind?", "And how windy is it?"],
    },
    "humidity": {
        "named": [
            "What's the humidity in {place}?", "How humid is it in {place}?",
            "What is the humidity in {place} right now?",
            "How damp is the air in {place}?", "Tell me the humidity in {place}.", "Is the air humid in {place}?",
            "How much moisture is in the air in {place}?", "Could you tell me how humid {place} is?",
            "What humidity does {place} have?", "Is it very humid in {place} today?", "Humidity in {place}?",
            "How dry is the air in {place}?", "What's the level of humidity in {place}?",
            "I need the humidity for {place}.",
            "How muggy is it in {place}?", "Is the air in {place} damp or dry?",
        ],
        "bare": [
            "What's the humidity?", "How humid is it?", "How damp is the air?", "Is it humid outside?",
            "What's the humidity right now?", "How muggy is it today?",
        ],
        "after": ["And the humidity?", "What about humidity?", "How about the humidity?", "And how humid is it?"],
    },
    "rain": {
        "named": [
            "Will it rain in {place}?", "What's the chance of rain in {place}?", "How likely is rain in {place}?",
            "Is it going to rain in {place}?", "Is rain expected in {place} today?", "Could it rain in {place}?",
            "What are the odds of rain in {place}?", "Should I count on rain in {place}?",
            "How big is the risk of rain in {place}?", "Tell me the chance of rain in {place}.",
            "Does it look like rain in {place}?", "Any rain coming to {place}?", "Will {place} get rain today?",
            "What's the probability of rain in {place}?", "Might we get wet in {place}?",
            "Can I hang out the washing in {place}, or will it rain?",
        ],
        "bare": [
            "Will it rain?", "What's the chance of rain?", "How likely is rain today?", "Is it going to rain?",
            "What are the odds of rain?", "Does it look like rain?",
        ],
        "after": ["And rain?", "What about rain?", "And the chance of rain?", "How about rain?"],
    },
    "clothing": {
        "named": [
            "What should I wear in {place}?", "What should I wear in {place} today?", "How should I dress in {place}?",
            "What do I put on for a walk in {place}?", "Do I need a coat in {place}?",
            "What clothes do I need in {place}?",
            "I'm going out in {place}. What should I wear?", "What would you wear in {place} today?",
            "Help me dress for {place}.", "What should I pack for {place}?",
            "What's the right outfit for {place} today?",
            "Which clothes suit the weather in {place}?", "How do I dress for the weather in {place}?",
            "Is a jacket enough in {place}?", "What shall the children wear in {place}?",
            "Any advice on clothes for {place}?",
        ],
        "bare": [
            "What should I wear?", "How should I dress today?", "Do I need a coat?", "What clothes do I need?",
            "What should I put on?", "Is a sweater enough today?",
        ],
        "after": ["So what should I wear?", "And what do I wear?", "What should I wear, then?", "And which clothes?"],
    },
    "compare": {
        "named": [
            "Which is {degree}, {first} or {second}?", "Is it {degree} in {first} or in {second}?",
            "Where is it {degree}, {first} or {second}?", "{first} or {second}: which is {degree}?",
            "Which city is {degree}, {first} or {second}?", "Tell me which is {degree}, {first} or {second}.",
            "Compare {first} and {second}: where is it {degree}?", "Of {first} and {second}, which one is {degree}?",
            "Between {first} and {second}, which is {degree}?", "Which of the two is {degree}, {first} or {second}?",
            "I can't decide between {first} and {second}. Which is {degree}?",
            "Would it be {degree} in {first} or {second}?",
        ],
        "bare": ["Which place is {degree}?", "Which of the two is {degree}?", "Where is it {degree}?",
                 "Which one is {degree} today?"],
        "after": ["And which one is {degree}?", "So which is {degree}?", "And where is it {degree}?",
                  "Which is {degree}, then?"],
    },
    "is warmer": {
        "named": [
            "Is {first} {degree} than {second}?", "Is it {degree} in {first} than in {second}?",
            "Is {first} really {degree} than {second}?", "Would you say {first} is {degree} than {second}?",
            "Is {first} the {degree} of the two?", "{first} is {degree} than {second}, right?",
        ],
        "bare": [],
        "after": [],
    },
    "there": {
        "named": ["And in {place}?", "What about {place}?", "How about {place}?", "And the weather in {place}?",
                  "And over in {place}?"],
        "bare": [],
        "after": [],
    },
    "topic": {
        "named": [
            "What's {thing} in {place}?", "Do you know {thing} for {place}?", "Tell me {thing} in {place}.",
            "Can you give me {thing} for {place}?", "I need {thing} for {place}.", "What is {thing} for {place}?",
            "Could you look up {thing} in {place}?", "Do you have {thing} for {place}?",
        ],
        "bare": [
            "What's {thing}?", "Do you know {thing}?", "Can you tell me {thing}?", "Tell me {thing}, please.",
            "Could you find out {thing}?", "Any idea about {thing}?",
        ],
        "after": ["And {thing}?", "What about {thing}?", "How about {thing}?", "And do you know {thing}?"],
    },
    "greeting": {
        "bare": ["Hello!", "Hi there.", "Hey!", "Good morning.", "Hi!", "Hello there!", "Good evening!", "Hey there.",
                 "Good afternoon.", "Hi, bot!", "Hello, weather bot.", "Greetings!", "Morning!", "Good day to you.",
                 "Hey, nice to meet you.", "Hello again."],
        "named": [], "after": [],
    },
    "wellbeing": {
        "bare": ["How are you?", "How are you doing?", "How's it going?", "Are you well?", "How do you feel today?",
                 "How are things with you?", "Are you having a good day?", "How have you been?", "You doing okay?",
                 "How's your day going?", "Is everything all right with you?", "Hope you're well?",
                 "How are you today?", "Feeling good today?", "How's life?", "What's up with you?"],
        "named": [], "after": [],
    },
    "identity": {
        "bare": ["Who are you?", "What are you?", "What can you do?", "Are you a person?", "What's your name?",
                 "Are you a bot?", "What do you know about?", "Who am I talking to?", "What can you help me with?",
                 "Tell me about yourself.", "What do you do?", "Are you human?", "What are you good for?",
                 "Can you introduce yourself?", "Is this a machine?", "What can I ask you?", "How can you help me?",
                 "Am I talking to a person?", "What sort of bot are you?", "What kind of questions can you answer?"],
        "named": [], "after": [],
    },
    "thanks": {
        "after": ["Thanks!", "Thank you.", "Thank you very much!", "Great, thanks.", "Thanks a lot.",
                  "Perfect, thank you.", "Good to know, thanks.", "Cheers!", "Thanks for your help.", "Much appreciated.",
                  "That helps, thank you.", "Many thanks!", "Thanks, that's all I needed.", "Lovely, thank you."],
        "named": [], "bare": [],
    },
    "farewell": {
        "after": ["Bye!", "Goodbye.", "See you.", "That's all, bye.", "See you later!", "Good night.",
                  "Have a nice day.", "I have to go now. Bye!", "Bye for now.", "Until next time!", "Take care!",
                  "I'm off, goodbye.", "Talk to you tomorrow.", "Farewell!", "Good night, sleep well.", "So long."],
        "named": [], "bare": [],
    },
}

# What no observation reports: the words of the question and of the answer, and what the answer has to name.
TOPICS = [
    ("the pollen count", "pollen"), ("the UV index", "UV index"), ("the air quality", "air quality"),
    ("the time of sunrise", "sunrise"), ("the time of sunset", "sunset"), ("the air pressure", "pressure"),
    ("the water temperature", "water"), ("the snow depth", "snow depth"), ("the next high tide", "tide"),
    ("the phase of the moon", "moon"), ("the dew point", "dew point"), ("the visibility", "visibility"),
    ("yesterday's weather", "yesterday"), ("next week's forecast", "next week"), ("the weekend forecast", "weekend"),
    ("the traffic", "traffic"), ("the football score", "football"), ("the latest news", "news"),
    ("the bus schedule", "bus"), ("the exchange rate", "exchange rate"), ("the population", "population"),
    ("the best restaurant", "restaurant"), ("the local time", "time"), ("the height of the waves", "waves"),
]

HELD_OUT_SHARE = 0.25


def hold_out(name, items):
    """The part that training uses and the part that it never sees."""
    count = math.ceil(HELD_OUT_SHARE * len(items)) if items else 0
    places = set(random.Random("test split: " + name).sample(range(len(items)), count))
    return ([item for place, item in enumerate(items) if place not in places],
            [item for place, item in enumerate(items) if place in places])


SPLIT_QUESTIONS = {
    kind: {form: hold_out(kind + " " + form, wordings) for form, wordings in forms.items()}
    for kind, forms in QUESTIONS.items()
}
SPLIT_TOPICS = hold_out("topics", TOPICS)
