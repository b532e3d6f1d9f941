#!/usr/bin/env python3
"""Writes weather/general.jsonl and weather/texts.jsonl: what the base says to general questions, and texts that it draws.

    python3 data/make_general.py --luthier .build/release/luthier    # asks smollm2-135m, some minutes
    python3 data/make_general.py --check                             # the questions stored are those of this script

Trained next to the conversations about weather, these rows keep the base's other abilities (rehearsal with what the base
itself writes, right or wrong: Huang et al. 2024, arXiv 2403.01244). Answers are greedy; every tenth question is kept for
general-test.jsonl. Texts are drawn at temperature 1: their likelihood under the tuned model then measures how far it has
moved from its base. An answer that does not end by itself is left out; a text is cut after its last sentence.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent / "weather"
THINGS = """
photosynthesis, gravity, inflation, democracy, a haiku, an ecosystem, the water cycle, a black hole, electricity, a volcano,
the alphabet, a computer program, the internet, a vaccine, an adjective, the heart, a fossil, friction, a budget, a metaphor,
a planet, osmosis, a contract, the liver, an atom, a glacier, evolution, a noun, a rainbow, the brain, a magnet, a museum,
a lever, a comet, an antibiotic, the stock market, a fraction, a symphony, a recipe, the moon, a battery, an engine, a tax,
a hypothesis, a bridge, a coral reef, a decimal, an enzyme, a novel, the ozone layer, a pulley, a password, a database,
a prime number, an election, a telescope, the skeleton, a mortgage, a legend, a lighthouse, a parliament, a satellite
""".replace("\n", " ").split(",")
SUBJECTS = """
bees, the sea, a lonely robot, winter mornings, friendship, an old library, bread, a lost key, a garden, mountains, a train
journey, music, a clever fox, homework, a birthday, coffee, the stars, a river, a market, honesty, a cat, patience, a letter,
the desert, chess, a bicycle, a lighthouse keeper, spring, a broken clock, kindness, a painter, the city at night, a whale,
a teacher, dreams, an apple tree, courage, a small village, dancing, a forgotten song
""".replace("\n", " ").split(",")
COUNTRIES = """
France, Japan, Kenya, Canada, Brazil, Egypt, Norway, India, Mexico, Spain, Australia, Greece, Turkey, Peru, Poland, Ireland,
Thailand, Chile, Portugal, Italy, Germany, Sweden, Cuba, Morocco, Vietnam, Austria, Finland, Argentina, Hungary, Denmark,
Nigeria, Indonesia, Belgium, Iceland, Iran, Ethiopia, Colombia, the Netherlands, South Korea, New Zealand
""".replace("\n", " ").split(",")
PEOPLE = """
Albert Einstein, Marie Curie, William Shakespeare, Cleopatra, Isaac Newton, Mozart, Charles Darwin, Leonardo da Vinci,
Ada Lovelace, Julius Caesar, Galileo Galilei, Jane Austen, Nelson Mandela, Aristotle, Rosa Parks, Vincent van Gogh,
Florence Nightingale, Marco Polo, Alan Turing, Beethoven, Confucius, Joan of Arc, Nikola Tesla, Homer, Frida Kahlo
""".replace("\n", " ").split(",")
TASKS = """
boil an egg, learn a language, write a letter of thanks, save money, clean a window, tie a tie, plan a party, bake bread, grow
tomatoes, remember names, read faster, fix a flat tire, pack a suitcase, study for an exam, make a friend, sleep better, paint
a room, write a poem, cook rice, train a puppy, give a speech, sharpen a knife, find a job, sew on a button, draw a face
""".replace("\n", " ").split(",")
PAIRS = [("a cat", "a dog"), ("a lake", "a river"), ("a king", "a president"), ("a fruit", "a vegetable"),
         ("a virus", "a bacterium"), ("tea", "coffee"), ("a circle", "a sphere"), ("speed", "velocity"),
         ("a novel", "a poem"), ("mass", "weight"), ("a crocodile", "an alligator"), ("jam", "jelly"),
         ("a violin", "a guitar"), ("a moth", "a butterfly"), ("an island", "a continent"), ("a lawyer", "a judge")]
GROUPS = """
planets, fruits, musical instruments, colors, European cities, animals that can fly, tools, sports, oceans, vegetables, trees,
languages, board games, kinds of fish, metals, spices, famous painters, pieces of furniture, rivers, holidays, insects,
kitchen utensils, parts of a car, kinds of cheese, programming languages
""".replace("\n", " ").split(",")
WORDS = ["house", "water", "friend", "book", "good morning", "thank you", "bread", "school", "the sun", "a red car"]
LANGUAGES = ["French", "Spanish", "German", "Italian"]
SENTENCES = ["The sun rises in the", "A spider has eight", "Once upon a time there was a", "The opposite of hot is",
             "Two plus two is", "Water is made of hydrogen and", "The color of grass is", "Roses are red, violets are",
             "The largest ocean is the", "A week has seven", "The capital of Italy is", "Bees make",
             "In winter it is often", "The first month of the year is", "A triangle has three"]

OPENINGS = """
The, In, A, When, It was, There is, Many people, Once upon a time, The first, During the, Scientists have, My, We, She,
He said, They, If you, How to, To make, One of the most, The history of, For thousands of years, According to, Every morning,
In the middle of, Children, Teachers, Water, Music, The city of, Our family, Last summer, The human body, Computers, A good,
Books, Plants, Animals, Language, Mathematics, In mathematics, The government, People who, After the war, On the first day,
Dear, Imagine, Chapter 1, Introduction, This lesson, Question:, Have you ever, Although, Because, Before, While, Most,
The best way to, Food, Health, A new study, Researchers, The earth, The weather, Art, The story begins, Long ago, At school
""".replace("\n", " ").split(",")


def questions():
    """All questions in an order that does not change."""
    clean = [[item.strip() for item in items] for items in (THINGS, SUBJECTS, COUNTRIES, PEOPLE, TASKS, GROUPS)]
    things, subjects, countries, people, tasks, groups = clean
    generator = random.Random("general questions")
    result = [f"What is {thing}?" for thing in things] + [f"Explain {thing} in one sentence." for thing in things]
    result += [f"Write a short sentence about {subject}." for subject in subjects]
    result += [f"Write two lines of verse about {subject}." for subject in subjects[::2]]
    result += [f"Tell me a very short story about {subject}." for subject in subjects]
    result += [f"What is the capital of {country}?" for country in countries]
    result += [f"Name one thing that {country} is known for." for country in countries]
    result += [f"Who was {person}?" for person in people] + [f"Why is {person} famous?" for person in people]
    result += [f"How do I {task}?" for task in tasks] + [f"Give me one tip: how to {task}." for task in tasks]
    result += [f"What is the difference between {first} and {second}?" for first, second in PAIRS]
    result += [f"Name three {group}." for group in groups]
    result += [f"How do you say '{word}' in {language}?" for word in WORDS for language in LANGUAGES]
    result += [f"Complete the sentence: {sentence}" for sentence in SENTENCES]
    for _ in range(60):
        first, second = generator.randint(2, 20), generator.randint(2, 20)
        result.append(f"What is {first} {generator.choice(['plus', 'minus', 'times'])} {second}?")
    generator.shuffle(result)
    return list(dict.fromkeys(result))


def line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def ask(luthier, prompts, *settings):
    """The prompts with what the base says, and whether that ended by itself."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        (folder / "in.jsonl").write_text("".join(line({"prompt": prompt}) + "\n" for prompt in prompts))
        subprocess.run([luthier, "generate", "--checkpoint", "smollm2-135m", "--batch", folder / "in.jsonl", "--output",
                        folder / "out.jsonl", *settings], check=True)
        answers = [json.loads(text) for text in (folder / "out.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    return [(answer["prompt"], answer["text"], answer["finishReason"] == "stop") for answer in answers
            if answer["text"].strip()]


def drawn_texts(luthier):
    """Texts of the base: each opening eight times."""
    openings = [opening.strip() for opening in OPENINGS]
    texts = []
    for seed in range(8):
        for prompt, text, ends in ask(luthier, openings, "--raw", "--temperature", "1", "--max-tokens", "240",
                                      "--seed", str(seed)):
            text = prompt + text
            if not ends:
                text = text[:max(text.rfind(mark) for mark in (". ", ".\n", "! ", "? ")) + 1]
            texts.append(text.strip())
    return [text for text in dict.fromkeys(texts) if len(text) >= 80]


def write(name, rows):
    (FOLDER / name).write_text("".join(line(row) + "\n" for row in rows), encoding="utf-8")
    print(f"weather/{name}: {len(rows)} rows")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--luthier", type=pathlib.Path, help="the program that asks the base")
    options.add_argument("--check", action="store_true", help="compare the questions with the stored files")
    arguments = options.parse_args()
    prompts = questions()
    names = {False: FOLDER / "general.jsonl", True: FOLDER / "general-test.jsonl"}
    if arguments.check:
        for is_test, path in names.items():
            stored = [json.loads(text)["messages"][0]["content"] for text in path.read_text(encoding="utf-8").splitlines()]
            allowed = [prompt for place, prompt in enumerate(prompts) if (place % 10 == 0) == is_test]
            if not stored or [prompt for prompt in allowed if prompt in set(stored)] != stored:
                sys.exit(f"make_general.py: {path} has other questions than this script")
        return
    if not arguments.luthier:
        options.error("--luthier says which program asks the base")
    luthier = arguments.luthier.resolve()
    answers = {prompt: answer for prompt, answer, ends
               in ask(luthier, prompts, "--temperature", "0", "--max-tokens", "160") if ends}
    for is_test, path in names.items():
        write(path.name, [{"messages": [{"role": "user", "content": prompt},
                                        {"role": "assistant", "content": answers[prompt].strip()}]}
                          for place, prompt in enumerate(prompts) if (place % 10 == 0) == is_test and prompt in answers])
    write("texts.jsonl", [{"text": text} for text in drawn_texts(luthier)])


if __name__ == "__main__":
    main()
