#!/usr/bin/env python3
"""Writes forecasts.txt: weather reports and forecasts in English prose, for the demo that learns from nothing.

    python3 data/make_forecasts.py            # writes data/forecasts.txt, the same bytes every time
    python3 data/make_forecasts.py --check    # exits 1 if the stored file is another one

Each place has a climate and lives through a little simulated weather, day by day, so that what a paragraph says of
today, yesterday and tomorrow fits together: rain brings humidity, snow needs frost, and Fahrenheit is Celsius converted.
Sentences come from templates: `[one|other]` is a choice (it may be nested), `{name}` is a fact. Standard library only.
"""

import argparse
import math
import pathlib
import random
import re
import sys

TARGET_BYTES = 450_000
SEED = 20260101

# name, landscape, mean temperature of the year, half the difference between July and January (negative in the south)
PLACES = [
    ("Alder Bay", "coast", 11, 7), ("Anselm Harbor", "coast", 8, 9), ("Ashdown", "plain", 10, 10),
    ("Barrow Point", "coast", 6, 8), ("Bellwood", "town", 13, 11), ("Birch Hollow", "valley", 7, 12),
    ("Brackwater", "coast", 12, 6), ("Calder Pass", "mountain", 1, 10), ("Cape Linden", "coast", 15, -5),
    ("Carrow", "plain", 12, 13), ("Cedar Falls", "valley", 9, 13), ("Copperfield", "desert", 19, 12),
    ("Corran", "island", 10, 5), ("Dunmore", "coast", 9, 6), ("Eastmere", "lake", 8, 11),
    ("Elk Ridge", "mountain", 2, 11), ("Fairhaven", "coast", 14, 7), ("Fenwick", "plain", 10, 8),
    ("Glen Orrin", "valley", 7, 8), ("Granite Peak", "mountain", -2, 9), ("Greywater", "lake", 6, 12),
    ("Harrowgate", "town", 9, 7), ("Hollin Moor", "moor", 7, 6), ("Ironbridge", "town", 10, 7),
    ("Jasper Flats", "desert", 17, 13), ("Juniper Springs", "desert", 16, 12), ("Kestrel Island", "island", 11, 5),
    ("Kingsford", "town", 11, 9), ("Lake Verran", "lake", 9, 10), ("Langley", "plain", 11, 12),
    ("Larkspur", "valley", 14, 9), ("Maple Grove", "town", 8, 14), ("Marrow Sound", "island", 9, 4),
    ("Merriton", "town", 12, 8), ("Mill Valley", "valley", 13, 6), ("Monte Sorel", "mountain", 4, 8),
    ("Moorland Cross", "moor", 6, 7), ("New Averly", "town", 16, 8), ("Northfield", "plain", 5, 16),
    ("Oak Landing", "lake", 12, 12), ("Old Harbor", "coast", 10, 9), ("Pinehurst", "mountain", 5, 10),
    ("Port Elise", "coast", 18, -6), ("Port Marrin", "coast", 13, 5), ("Quarry Hill", "town", 9, 9),
    ("Ravensholm", "moor", 5, 8), ("Red Mesa", "desert", 18, 11), ("Riverton", "town", 10, 13),
    ("Rosewater", "valley", 17, -7), ("Saint Alban", "town", 11, 8), ("Saltmarsh", "coast", 11, 7),
    ("Silver Lake", "lake", 7, 13), ("Stonebridge", "town", 10, 8), ("Summerfield", "plain", 15, 11),
    ("Sunder Cove", "coast", 16, -5), ("Tallis Point", "island", 19, -4), ("Thornbury", "plain", 10, 7),
    ("Upper Dale", "valley", 6, 9), ("Vantage Rock", "mountain", 0, 10), ("Waverly", "town", 14, 12),
    ("Westmarch", "plain", 9, 11), ("Whitcombe", "coast", 11, 6), ("Willow Creek", "valley", 12, 11),
    ("Windmere", "lake", 8, 8), ("Yarrow", "moor", 7, 8), ("Zephyr Bay", "coast", 20, -4),
]

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
DIRECTIONS = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]

# Where the weather goes from one day to the next.
CHANGES = {
    "clear": ["clear"] * 5 + ["fair"] * 4 + ["cloudy", "fog"],
    "fair": ["clear"] * 3 + ["fair"] * 4 + ["cloudy"] * 3 + ["showers", "fog"],
    "cloudy": ["fair"] * 3 + ["cloudy"] * 3 + ["showers"] * 2 + ["rain"] * 3,
    "showers": ["fair"] * 3 + ["cloudy"] * 2 + ["showers"] * 3 + ["rain", "storm"],
    "rain": ["cloudy"] * 3 + ["showers"] * 3 + ["rain"] * 3 + ["storm", "fair"],
    "storm": ["showers"] * 3 + ["cloudy"] * 2 + ["fair"] * 3 + ["rain"],
    "fog": ["fog"] * 2 + ["fair"] * 3 + ["cloudy"] * 3 + ["clear"],
    "snow": ["snow"] * 3 + ["cloudy"] * 4 + ["clear"] * 2 + ["fair"],
}
DRY = {"clear", "fair", "cloudy", "fog"}


class Day:
    """The weather of one day in one place; everything a sentence may state."""

    def __init__(self, generator, place, ordinal, before):
        self.name, self.land, mean, swing = place
        self.ordinal = ordinal
        season = -math.cos(2 * math.pi * (ordinal % 365 - 20) / 365)
        kind = generator.choice(CHANGES[before.kind if before else generator.choice(list(CHANGES))])
        if self.land == "desert" and kind in ("rain", "fog", "cloudy") and generator.random() < 0.6:
            kind = "clear"
        drift = (before.drift * 0.6 if before else 0) + generator.gauss(0, 2.5)
        self.drift = drift
        warmth = {"clear": 2, "fair": 1, "cloudy": -1, "showers": -1, "rain": -2, "storm": 1, "fog": -2, "snow": -2}
        span = {"clear": 6, "fair": 5, "cloudy": 3, "showers": 4, "rain": 2, "storm": 5, "fog": 3, "snow": 2.5}[kind]
        span *= {"desert": 1.6, "island": 0.7, "coast": 0.8}.get(self.land, 1.0)
        middle = mean + swing * season + drift + warmth[kind]
        if kind == "snow" and middle > 0 or kind in ("rain", "showers", "storm") and middle < 0.5:
            kind = "snow" if middle < 1.5 else "rain"
            span = 2.5
        self.kind = kind
        self.high, self.low = round(middle + span), round(middle - span)
        base = {"clear": 12, "fair": 15, "cloudy": 18, "showers": 24, "rain": 26, "storm": 48, "fog": 5, "snow": 20}
        exposed = {"coast": 1.3, "island": 1.6, "mountain": 1.4, "moor": 1.3, "valley": 0.7}.get(self.land, 1.0)
        self.wind = max(3, round(generator.gauss(base[kind], base[kind] / 3) * exposed))
        self.gust = round(self.wind * generator.uniform(1.4, 1.9))
        turn = generator.choice([-1, 0, 0, 1])
        self.compass = ((before.compass if before else generator.randrange(8)) + turn) % 8
        damp = {"clear": 45, "fair": 55, "cloudy": 68, "showers": 76, "rain": 88, "storm": 84, "fog": 96, "snow": 85}
        dryness = {"desert": 25, "coast": -6, "island": -8, "lake": -4}.get(self.land, 0)
        self.humidity = min(99, max(9, round(generator.gauss(damp[kind] - dryness, 5))))
        self.pressure = round(generator.gauss({"clear": 1026, "fair": 1019, "cloudy": 1013, "fog": 1024}.get(kind, 1003), 4))
        self.amount = 0 if kind in DRY else max(1, round(generator.expovariate(1 / {
            "showers": 4, "rain": 12, "storm": 22, "snow": 9}[kind])))
        self.chance = {"clear": 0, "fair": 10, "cloudy": 30, "showers": 60, "rain": 90, "storm": 80, "fog": 5,
                       "snow": 80}[kind] + generator.choice([0, 0, 5, 10])

    @property
    def month(self):
        return MONTHS[int(self.ordinal % 365 / 30.42)]

    @property
    def weekday(self):
        return WEEKDAYS[self.ordinal % 7]

    @property
    def season(self):
        """Of the northern half of the world; southern places are named by month only."""
        return ["winter", "spring", "summer", "autumn"][int((self.ordinal % 365 + 30) / 91.3) % 4]


def fahrenheit(celsius):
    return round(celsius * 9 / 5 + 32)


def facts_of(day, before, after, generator):
    """The facts of a day by the names that templates use."""
    def both(celsius):
        c, f = celsius, fahrenheit(celsius)
        degree = "degree" if abs(c) == 1 else "degrees"
        return generator.choice([
            f"{c} °C ({f} °F)", f"{c} °C ({f} °F)", f"{c} °C or {f} °F", f"{c} {degree} Celsius ({f} Fahrenheit)",
            f"{f} °F ({c} °C)"])

    def speed(kilometers):
        miles = round(kilometers * 0.6214)
        return generator.choice([
            f"{kilometers} km/h", f"{kilometers} km/h ({miles} mph)", f"{kilometers} kilometers per hour",
            f"{miles} mph ({kilometers} km/h)"])

    facts = {
        "place": day.name, "month": day.month, "weekday": day.weekday, "season": day.season,
        "tomorrow": after.weekday, "yesterday": before.weekday,
        "high": both(day.high), "low": both(day.low), "nexthigh": both(after.high), "nextlow": both(after.low),
        "oldhigh": both(before.high), "c": day.high, "lowc": day.low, "nextc": after.high,
        "wind": speed(day.wind), "gust": speed(day.gust), "nextwind": speed(after.wind), "nextgust": speed(after.gust),
        "from": DIRECTIONS[day.compass], "nextfrom": DIRECTIONS[after.compass],
        "humidity": f"{day.humidity} percent", "nexthumidity": f"{after.humidity} percent",
        "pressure": f"{day.pressure} hPa", "chance": f"{after.chance} percent",
        "amount": f"{day.amount} " + ("millimeter" if day.amount == 1 else "millimeters"),
        "depth": f"{day.amount} " + ("centimeter" if day.amount == 1 else "centimeters"),
        "hour": generator.randint(5, 9), "evening": generator.randint(4, 9), "where": generator.choice(LANDMARKS[day.land]), "road": generator.choice(ROADS),
        "visibility": generator.choice([50, 80, 100, 150, 200, 300, 400]),
        "days": generator.choice(["two", "three", "four"]),
    }
    return facts


LANDMARKS = {
    "coast": ["along the shore", "by the harbor", "on the beach", "out at sea", "near the lighthouse", "on the cliffs"],
    "island": ["on the windward side", "at the ferry landing", "around the island", "on the western beaches"],
    "plain": ["across the open fields", "on the farms", "along the highway", "over the plain", "out in the country"],
    "town": ["in the center of town", "in the suburbs", "along the river", "in the old town", "near the airport"],
    "valley": ["on the valley floor", "in the side valleys", "along the river", "on the upper slopes", "in the orchards"],
    "mountain": ["on the summit", "above the tree line", "on the ridge", "below the pass", "near the upper huts"],
    "desert": ["in the canyons", "out on the flats", "along the dry river", "on the high mesas"],
    "lake": ["on the lake", "along the northern shore", "in the marina", "over the water", "in the lakeside villages"],
    "moor": ["on the high moor", "along the old road", "in the hollows", "over the heath"],
}

ROADS = ["outside the town", "on the main road", "near the bridges", "by the school", "at the crossroads", "on the hills"]

TODAY = {
    "clear": [
        "[The sky over {place} is|Skies over {place} are] [clear|perfectly clear|blue from one horizon to the other|without a cloud].",
        "{place} [wakes|woke up] to [bright sunshine|a clear sky|brilliant sun] this {weekday}, and [nothing|hardly anything] will change [before evening|during the day].",
        "It is a [beautiful|fine|splendid|quiet] [{month} day|day] in {place}, with [sunshine from dawn to dusk|not a cloud in sight|unbroken sunshine].",
        "High pressure [holds firm|sits right|remains] over {place}, so the sun [shines all day|has the sky to itself|will not be troubled by clouds].",
        "[After a cool start|Once the morning chill is gone], {place} [enjoys|can look forward to] [many hours of sun|a cloudless afternoon|a long sunny day].",
    ],
    "fair": [
        "[Sun and clouds share the sky|Sunny spells alternate with passing clouds] over {place} [today|this {weekday}|for most of the day].",
        "In {place} [a few clouds drift by|some fair weather clouds appear], but [the sun wins in the end|it stays dry|there is no rain in them].",
        "{place} [has|is having] a [pleasant|friendly|mostly sunny] {weekday}, although [thin clouds|a veil of high cloud] will [dim the sun at times|arrive by the afternoon].",
        "The morning is [bright|sunny] in {place}; [later|after lunch|by mid afternoon] [puffy clouds grow|clouds build up] {where} without [bringing rain|doing any harm].",
    ],
    "cloudy": [
        "[Gray clouds cover|A thick layer of cloud covers|Low clouds hang over] {place} [today|this {weekday}|from early morning], yet [it stays dry|no rain has fallen so far|only a stray drop falls].",
        "It is [overcast|a gray day|dull and cloudy] in {place}, and the sun [hardly shows itself|will not be seen much|stays hidden] [until evening|all day].",
        "{place} lies under [a blanket of cloud|heavy clouds|a gray sky], [while|and] the air {where} feels [damp|still|cool].",
        "Clouds [moved in|arrived] from the {from} [overnight|before dawn], and {place} [will see little sun|has to do without the sun] today.",
    ],
    "showers": [
        "[Showers move|Scattered showers pass|One shower after another moves] across {place} [today|this {weekday}], with [dry spells|a little sun|rainbows] [in between|between them].",
        "The weather in {place} is [changeable|unsettled|restless]: [sun in one hour, rain in the next|short showers follow bright intervals].",
        "{place} [should expect|can expect|will get] [a few sharp showers|several showers|brief but heavy showers], [mostly in the afternoon|especially {where}|the first of them before noon].",
        "[It rains on and off|Rain comes and goes] in {place}, and about {amount} [of rain|] may [fall|collect in the gauge] [by evening|during the day].",
    ],
    "rain": [
        "[Rain falls|Steady rain falls|It rains] [all day|for hours|without a break] in {place}, and [some {amount} are expected|the total should reach {amount}].",
        "A [wet|rainy|soaking wet] {weekday} [lies ahead for|is in store for] {place}, because [a front from the {from} has stalled|a low is slow to leave|moist air flows in from the {from}].",
        "[Umbrellas are everywhere|Nobody leaves home without a coat] in {place}, where [rain set in around {hour} in the morning|the rain began before dawn] and [does not let up|will last until night].",
        "Rain [spreads|has spread] from the {from} [across|to] {place}; [puddles stand {road}|it is heaviest {where}|the rivers are rising slowly].",
    ],
    "storm": [
        "[A storm|A strong storm|A violent storm] [is crossing|hits|sweeps over] {place} [today|this {weekday}], with gusts of up to {gust}.",
        "[Thunder rolls|Thunderstorms rage] over {place}, [and lightning flickers {where}|and hail is possible {where}]; up to {amount} of rain may fall [in a short time|within hours].",
        "[A warning of severe weather|A storm warning] [is in force|has been issued] for {place}: [expect|there may be] gusts of {gust} and [heavy rain|torrential rain|downpours].",
        "The {season} storm [that has been watched for days|announced yesterday] has reached {place}, where the wind [howls|roars] {where}.",
    ],
    "fog": [
        "[Dense fog|Thick fog|Fog] [covers|wraps|hides] {place} [this morning|at dawn|since last night], and visibility [has dropped|is down] to {visibility} meters {where}.",
        "{place} [began the day|started {weekday}] in fog, [which lifts slowly|which will thin out toward noon|and only the hills stand above it].",
        "It is [calm|still|very quiet] and foggy in {place}; [the sun may break through|the fog should clear] [by early afternoon|around midday|for an hour or two].",
    ],
    "snow": [
        "[Snow falls|Snow is falling|It snows] in {place} [today|this {weekday}|from the first light], and [about {depth} of fresh snow|some {depth}] [will lie by evening|may settle {where}].",
        "{place} [turns white|has turned white]: [large flakes|light snow|steady snow] [fell overnight|has been falling since dawn], [and more is on the way|and the plows are out].",
        "[Winter shows its strength|Winter is back] in {place} with [snow and frost|fresh snow|drifting snow] {where}.",
        "[A snowfall|Snow] from the {from} [reaches|brings a white day to] {place}, [so travel is slow|while the roads {road} are slippery].",
    ],
}

TEMPERATURE = [
    "The [temperature|thermometer] [climbs to|reaches|rises to] {high} [in the afternoon|at its highest|by three o'clock], after a [minimum|low] of {low}.",
    "[Highs are near|The high will be|Expect a high of] {high}, [and the low tonight is|and tonight it falls to|with a low of] {low}.",
    "It [was|is] {low} at dawn and [will be|should be] {high} [at the warmest hour|in the early afternoon].",
    "[Temperatures lie|The day's temperatures range] between {low} and {high}.",
    "With {high} it is [{compare}] than {yesterday}, when {oldhigh} [were measured|was the maximum].",
    "[Yesterday's maximum was|{yesterday} brought] {oldhigh}; today {high} [is expected|should be reached].",
    "[During the night|Overnight] the air [cools|cooled] to {low}, [but|and then] it [warms|will warm] to {high} [by day|later on].",
]

WIND = {
    "light": [
        "[A light breeze|A gentle wind] blows from the {from} at {wind}.",
        "The wind is [weak|light|hardly noticeable], [around|about] {wind} from the {from}.",
        "There is [little wind|almost no wind]; {where} [a breeze of {wind} is felt|flags barely move].",
        "[Only|No more than] {wind} [of wind is|are] reported from the {from}, so it [feels|is] [calm|quiet] {where}.",
    ],
    "moderate": [
        "A [fresh|moderate|steady] wind from the {from} [reaches|blows at] {wind}[, with gusts of {gust}|].",
        "The {from} wind [picks up|freshens] to {wind} [during the day|after noon|toward evening].",
        "[Winds are|The wind is] {from}erly at {wind}, [gusting to {gust}|a little stronger {where}].",
        "Out of the {from} [comes|blows] a [brisk|fresh] wind of {wind}, [noticeable above all {where}|which dries the ground quickly].",
    ],
    "strong": [
        "[Strong|Stormy|Powerful] winds from the {from} [average|blow at] {wind} and [gust to|reach] {gust} {where}.",
        "The wind [howls|rises] from the {from}: {wind} [on average|sustained], {gust} in gusts.",
        "[Gusts of {gust}|Gusts as strong as {gust}] [from the {from}|out of the {from}] [shake the trees|rattle windows|make it hard to stand] {where}.",
    ],
}

HUMIDITY = {
    "dry": [
        "The air is [dry|very dry], with a humidity of [only|just] {humidity}.",
        "Humidity [drops|falls] to {humidity} [in the afternoon|by midday], [so the risk of fire is raised|which makes the heat easier to bear|and the views are wide].",
        "At {humidity} the humidity is [low|pleasantly low].",
    ],
    "middle": [
        "Humidity is [around|about|close to] {humidity}, [and|while] the pressure [stands at|is] {pressure}.",
        "The humidity [lies at|is] {humidity}[, which feels comfortable|, a usual value for {month}|].",
        "The barometer [reads|shows] {pressure}, and the humidity is {humidity}.",
    ],
    "damp": [
        "The air is [damp|moist|heavy], and humidity [has risen|rises] to {humidity}.",
        "[With|At] a humidity of {humidity}, [washing will not dry|everything feels wet|the air feels raw].",
        "Humidity stays [high at|near] {humidity}, with a pressure of {pressure}.",
    ],
}

TOMORROW = {
    "clear": [
        "[Tomorrow|{tomorrow}] will be [sunny|clear|bright and dry], with [highs near|a maximum of] {nexthigh}.",
        "The sun [returns|takes over|stays with us] [tomorrow|on {tomorrow}], and {nexthigh} [is within reach|should be reached].",
        "[Tomorrow|On {tomorrow}] [not a cloud is expected|the sky clears completely], and the wind from the {nextfrom} [drops|eases] to {nextwind}.",
    ],
    "fair": [
        "[Tomorrow|{tomorrow}] looks [fair|friendly|mostly dry], with sun, a few clouds and {nexthigh}.",
        "[Tomorrow|On {tomorrow}] the [clouds break up|sun comes out more often]; [highs reach|the maximum is] {nexthigh}, [and the chance of rain is only {chance}|and it stays dry].",
    ],
    "cloudy": [
        "[Tomorrow|{tomorrow}] will be [cloudy|gray|dull] but [mostly dry|mild enough], with {nexthigh} and a {chance} chance of rain.",
        "Clouds [thicken|gather] [tomorrow|on {tomorrow}], and [the temperature stops at|it will not get above] {nexthigh}.",
    ],
    "showers": [
        "[Tomorrow|{tomorrow}] brings [showers|scattered showers|a mix of sun and showers] and {nexthigh}; the chance of rain is {chance}.",
        "[Tomorrow|On {tomorrow}] [showers arrive|the first showers arrive] from the {nextfrom}, [and it cools to|with highs of] {nexthigh}.",
    ],
    "rain": [
        "[Rain is likely|Rain is almost certain|Rain sets in] [tomorrow|on {tomorrow}], with {nexthigh} and a wind of {nextwind} from the {nextfrom}.",
        "[Tomorrow|{tomorrow}] will be [wet|rainy], the chance of rain being {chance}, and no warmer than {nexthigh}.",
    ],
    "storm": [
        "[Tomorrow|On {tomorrow}] [a storm is expected|storms are expected], with gusts of {nextgust} from the {nextfrom} and {nexthigh}.",
        "[Be prepared for|Forecasters warn of] [thunderstorms|severe storms] [tomorrow|on {tomorrow}], when gusts [may reach|could reach] {nextgust}.",
    ],
    "fog": [
        "[Fog forms|Fog is likely] [overnight|before dawn], so [tomorrow|{tomorrow}] [starts gray|begins with poor visibility]; later it reaches {nexthigh}.",
        "[Tomorrow|On {tomorrow}] fog [lingers|lies] {where} [until noon|for much of the morning], with {nextlow} at dawn.",
    ],
    "snow": [
        "[Tomorrow|{tomorrow}] [brings snow|will bring snow], and the temperature [stays near|does not rise above] {nexthigh}.",
        "[Snow is expected|More snow may fall] [tomorrow|on {tomorrow}], with {nextlow} at night and a {chance} chance of [fresh snow|snowfall].",
    ],
}

ADVICE = {
    "hot": [
        "Drink [plenty of|enough] water and [stay in the shade|avoid hard work] [at midday|in the afternoon].",
        "[Close the shutters|Keep the windows shut] by day and [air the rooms|open them] at night.",
        "[Look after|Check on] elderly neighbors, and never leave [a child or a dog|animals] in a parked car.",
    ],
    "clear": [
        "It is [a good day|a fine day|an excellent day] for [a walk|a picnic|a bicycle ride|work in the garden].",
        "[Sunglasses and a hat are a good idea|Do not forget sunscreen|Sunscreen is recommended], even [if a breeze cools the skin|in the morning].",
        "[Hang the washing outside|Open the windows|Plan the day outdoors] while it lasts.",
        "[Those who get up early|Early risers] [will be rewarded|can see a fine sunrise] {where}.",
    ],
    "mild": [
        "[A light jacket is enough|A sweater will do], [though|but] [it cools quickly after sunset|evenings are fresh].",
        "[Nothing stands in the way of|The weather allows] [a walk|work outdoors|a game of football].",
        "[An umbrella can stay at home|There is no need for an umbrella].",
        "[Gardeners may want to water|Farmers can go on with their work] [before the next rain|in peace].",
    ],
    "wet": [
        "[Take an umbrella|Wear a raincoat|Keep a raincoat at hand] and [allow more time for the way|mind the puddles|choose solid shoes].",
        "Drivers should [slow down|keep their distance], because the roads {road} are [slippery|wet].",
        "[Better to move plans indoors|It is a day for the museum or for a book|A hot cup of tea will help].",
        "[Cellars near the river should be watched|Please clear the gutters], [because the ground is full of water|since more rain is to come].",
    ],
    "storm": [
        "[Stay indoors|Do not go outside] [if you can|until the storm has passed], and [keep away from trees|bring in anything the wind could carry off].",
        "[Ferries are canceled|Trains may be late|Some flights are delayed], so [ask before you leave|check before you travel].",
        "[Unplug sensitive devices|Keep a flashlight ready], as [the power may fail|power cuts are possible].",
        "[Boats should remain in port|Nobody should go out on the water|Leave the high ground at once].",
    ],
    "fog": [
        "[Switch on the lights|Use low beams] and [drive slowly|keep your distance] {road}.",
        "[Flights may be delayed|The early ferry runs late|School buses may be late], so [leave a little earlier|ask before you set out].",
    ],
    "frost": [
        "[Cover tender plants|Bring potted plants inside], for [frost is certain|the frost will be sharp] tonight.",
        "[Dress in layers|Wear gloves and a warm hat], because [it feels colder in the wind|the cold is biting {where}].",
        "Beware of [black ice|ice] on [bridges|sidewalks|steps] [in the morning|before sunrise].",
    ],
    "snow": [
        "[Winter tires are necessary|Carry chains], [above all|especially] {road}.",
        "[Shovel the sidewalk|Clear the steps] before [the snow freezes|night falls], and [wear boots|walk with care].",
        "[Skiers will be glad|Children will want to get out the sled], but [the danger of avalanches is considerable|drivers need patience].",
    ],
}

# Openings of a sentence that follows another on the same day, and the words that may be put in small letters after them.
LINKS = ["Meanwhile, ", "In addition, ", "At the same time, ", "Besides, ", "Moreover, "]
COMMON = {"The", "A", "It", "There", "Humidity", "Temperatures", "Winds", "Gusts", "Strong", "Only"}

CLOSINGS = [
    "The next report [follows|will be published] at {evening} in the evening.",
    "[Compared with|Measured against] other years, this is [quite normal|nothing unusual|rather mild|a little cool] for {month}.",
    "[This weather should last|The pattern will hold] for another {days} days.",
    "[Local observers|Old people in {place}] [say|will tell you] that {month} is [seldom so quiet|always full of surprises|the best time of the year].",
    "[The outlook beyond that is uncertain|What comes after that is not yet clear].",
    "[Sunrise is at {hour}|The sun rises at {hour}] tomorrow morning.",
    "[No warnings are in force|There are no warnings at present].",
]

OBSERVER = [
    "[Our observer in {place} writes|From {place} we hear|A reader in {place} reports]: \"[I measured|My thermometer showed] {low} at {hour} this morning and {high} at noon, [with|and] a wind from the {from}. {say}\"",
    "\"{say}\" [says|writes] [the keeper of the weather station|the harbor master|a farmer|a teacher|the park ranger] in {place}, who [noted|wrote down] {low} [at dawn|before sunrise] and {high} [in the afternoon|after lunch].",
    "[Question|A question we often hear]: what is the weather like in {place} in {month}? [Answer: today|Today] it is {short}, with {high} by day and {low} at night, a {from} wind of {wind}, and a humidity of {humidity}.",
    "[In short|In brief], {place} on {weekday}: {short}, {lowc} to {c} °C, wind {from} {wind}, humidity {humidity}. [For {tomorrow}|Tomorrow]: {nextshort}, up to {nextc} °C.",
]

SAYINGS = {
    "clear": ["There is not a cloud to be seen {where}.", "It could not be finer.", "The stars were out all night, and now the sun is."],
    "fair": ["A few clouds, nothing more.", "It is just right for work {where}.", "The swallows fly high, so it will hold."],
    "cloudy": ["It looks like rain, but none has come.", "We have not seen the sun since {yesterday}.", "All is gray {where}."],
    "showers": ["I got wet twice and dried twice.", "There was a rainbow {where}.", "The showers are short, but they mean it."],
    "rain": ["The gauge already holds {amount}.", "It has rained since midnight.", "The ditches are full {road}."],
    "storm": ["I have seldom heard such thunder.", "A tree came down {road}.", "We have tied down everything that could fly."],
    "fog": ["I cannot see the end of the garden.", "The foghorn was heard all night.", "Everything drips, though it does not rain."],
    "snow": ["The snow lies {depth} deep {where}.", "It is so quiet that you can hear the flakes.", "We had to dig out the door."],
}

SHORT = {
    "clear": ["sunny", "clear", "bright and sunny"], "fair": ["fair", "partly cloudy", "mostly sunny"],
    "cloudy": ["overcast", "cloudy", "gray but dry"], "showers": ["showery", "changeable with showers"],
    "rain": ["rainy", "wet", "rain all day"], "storm": ["stormy", "thunderstorms"], "fog": ["foggy", "fog until noon"],
    "snow": ["snow", "snowy", "light snow"],
}


class Writer:
    def __init__(self, generator):
        self.generator = generator
        self.recent = []

    def pick(self, templates):
        """A template that was not used in the last few sentences, where there is one."""
        fresh = [one for one in templates if one not in self.recent] or templates
        chosen = self.generator.choice(fresh)
        self.recent = (self.recent + [chosen])[-12:]
        return chosen

    def expand(self, template, facts):
        """Resolves choices from the innermost outward, then fills in facts."""
        choice = re.compile(r"\[([^\[\]]*)\]")
        while True:
            found = choice.search(template)
            if not found:
                break
            template = template[: found.start()] + self.generator.choice(found[1].split("|")) + template[found.end() :]
        text = re.sub(r"\{(\w+)\}", lambda found: str(facts[found[1]]), template)
        text = re.sub(r" {2,}", " ", text).replace(" ,", ",").replace(" .", ".").strip()
        return text[0].upper() + text[1:]

    def sentence(self, templates, facts, link=False):
        """One sentence; with `link` sometimes one that refers to the sentence before."""
        text = self.expand(self.pick(templates), facts)
        if link and text.split(" ")[0] in COMMON and self.generator.random() < 0.4:
            return self.generator.choice(LINKS) + text[0].lower() + text[1:]
        return text

    def paragraph(self, before, day, after):
        generator = self.generator
        facts = facts_of(day, before, after, generator)
        facts["compare"] = "warmer" if day.high > before.high else "cooler" if day.high < before.high else "no warmer"
        facts["short"] = generator.choice(SHORT[day.kind])
        facts["nextshort"] = generator.choice(SHORT[after.kind])
        facts["say"] = self.expand(generator.choice(SAYINGS[day.kind]), facts)
        if generator.random() < 0.14:
            lines = [self.sentence(OBSERVER, facts)]
            if generator.random() < 0.6:
                lines.append(self.sentence(TOMORROW[after.kind], facts))
            if generator.random() < 0.4:
                lines.append(self.sentence(ADVICE[self.need(day)], facts))
            return " ".join(lines)
        strength = "light" if day.wind < 14 else "moderate" if day.wind < 38 else "strong"
        damp = "dry" if day.humidity < 45 else "middle" if day.humidity < 76 else "damp"
        topics = [TEMPERATURE, WIND[strength]] + ([HUMIDITY[damp]] if generator.random() < 0.75 else [])
        generator.shuffle(topics)
        lines = [self.sentence(TODAY[day.kind], facts)]
        for place, topic in enumerate(topics):
            lines.append(self.sentence(topic, facts, link=place > 0))
        if generator.random() < 0.85:
            lines.append(self.sentence(TOMORROW[after.kind], facts))
        if generator.random() < 0.7:
            lines.append(self.sentence(ADVICE[self.need(day)], facts))
        if generator.random() < 0.3:
            lines.append(self.sentence(CLOSINGS, facts))
        return " ".join(lines)

    def need(self, day):
        """Which advice fits the day."""
        if day.kind == "storm" or day.wind >= 70:
            return "storm"
        if day.kind in ("snow", "fog"):
            return day.kind
        if day.kind in ("rain", "showers"):
            return "wet"
        if day.high >= 29:
            return "hot"
        if day.low <= -1:
            return "frost"
        return "clear" if day.kind == "clear" and day.high >= 12 else "mild"


def make_text():
    generator = random.Random(SEED)
    writer = Writer(generator)
    paragraphs, size = [], 0
    while size < TARGET_BYTES:
        place = generator.choice(PLACES)
        ordinal = generator.randrange(365)
        days = [Day(generator, place, ordinal, None)]
        for step in range(1, generator.randint(3, 5)):
            days.append(Day(generator, place, ordinal + step, days[-1]))
        for before, day, after in zip(days, days[1:], days[2:]):
            paragraphs.append(writer.paragraph(before, day, after))
            size += len(paragraphs[-1].encode()) + 2
    return "\n\n".join(paragraphs) + "\n"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    arguments = options.parse_args()
    path = pathlib.Path(__file__).resolve().parent / "forecasts.txt"
    text = make_text()
    assert set(text) - {"°"} <= set(map(chr, range(32, 127))) | {"\n"}, "only ASCII and the degree sign"
    if arguments.check:
        sys.exit(0 if path.read_bytes() == text.encode() else f"{path} is not what this script makes")
    path.write_bytes(text.encode())
    print(f"{path.name}: {len(text.encode())} bytes, {text.count(chr(10) + chr(10)) + 1} paragraphs")


if __name__ == "__main__":
    main()
