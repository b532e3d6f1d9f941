"""The parts of make_weather.py: places, observations, questions, answers, conversations, and answers that are wrong."""
