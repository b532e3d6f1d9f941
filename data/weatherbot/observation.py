"""What a system message reports: a place and its weather, drawn so that the parts fit together."""

# Each condition and the lowest and highest temperature (in °F) at which it is reported.
CONDITIONS = {
    "sunny": (-20, 105), "clear": (-20, 105), "partly cloudy": (-20, 105), "cloudy": (-20, 105),
    "overcast": (-20, 105), "windy": (-20, 105), "hazy": (60, 105), "foggy": (25, 65), "drizzly": (36, 80),
    "rainy": (36, 90), "stormy": (45, 105), "snowy": (-20, 34),
}
WET = {"drizzly", "rainy", "stormy"}
DIRECTIONS = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
OPENINGS = ["Weather for", "Weather in", "Report for"]
LOWEST, HIGHEST = {"F": -20, "C": -28}, {"F": 105, "C": 40}
SHARE_WITH_FIELD = 0.7


def fahrenheit(value, unit):
    return value if unit == "F" else value * 9 / 5 + 32


def draw_condition(generator, value, unit):
    degrees = fahrenheit(value, unit)
    return generator.choice([name for name, (low, high) in CONDITIONS.items() if low <= degrees <= high])


def temperature_text(temperature):
    return f"{temperature['value']}°{temperature['unit']}"


class Observation:
    """The weather of one place. `wind`, `humidity`, `rain` and `tomorrow` are None where they are not reported."""

    def __init__(self, generator, place, unit, is_short=False):
        self.place = place
        value = generator.randint(LOWEST[unit], HIGHEST[unit])
        self.temperature = {"value": value, "unit": unit}
        self.condition = draw_condition(generator, value, unit)
        reported = [not is_short and generator.random() < SHARE_WITH_FIELD for _ in range(4)]
        self.wind = self.draw_wind(generator, unit) if reported[0] else None
        self.humidity = generator.randint(80 if self.condition == "foggy" else 10, 100) if reported[1] else None
        self.rain = 5 * (generator.randint(14, 20) if self.condition in WET else generator.randint(0, 12)) \
            if reported[2] else None
        self.tomorrow = self.draw_tomorrow(generator, value, unit) if reported[3] else None

    def draw_wind(self, generator, unit):
        low, high, name = (1, 45, "mph") if unit == "F" else (2, 70, "km/h")
        if self.condition == "windy":
            low = high // 2
        return {"value": generator.randint(low, high), "unit": name, "direction": generator.choice(DIRECTIONS)}

    def draw_tomorrow(self, generator, value, unit):
        change = generator.randint(-14, 14) if unit == "F" else generator.randint(-8, 8)
        value = min(HIGHEST[unit], max(LOWEST[unit], value + change))
        return {"condition": draw_condition(generator, value, unit), "temperature": {"value": value, "unit": unit}}

    def wind_text(self):
        return f"{self.wind['value']} {self.wind['unit']} from the {self.wind['direction']}"

    def text(self, opening):
        parts = [self.condition, temperature_text(self.temperature)]
        if self.wind is not None:
            parts.append("wind " + self.wind_text())
        if self.humidity is not None:
            parts.append(f"humidity {self.humidity}%")
        if self.rain is not None:
            parts.append(f"chance of rain {self.rain}%")
        text = f"{opening} {self.place}: {', '.join(parts)}."
        if self.tomorrow is not None:
            text += f" Tomorrow: {self.tomorrow['condition']}, {temperature_text(self.tomorrow['temperature'])}."
        return text
