# Differs: pure Python: the random module, nested lists.
import random


def draw_weights(rule, fan_in, fan_out, seed):
    source = random.Random(seed)
    std = (2 / fan_in) ** 0.5

    def one():
        if rule == "xavier":
            return source.uniform(-1, 1) / fan_in**0.5
        if rule == "normalized_xavier":
            return source.uniform(-1, 1) * (6 / (fan_in + fan_out)) ** 0.5
        if rule == "he":
            return source.gauss(0, std)
        while True:
            value = source.gauss(0, std / 0.87962566)
            if abs(value) <= 2 * std / 0.87962566:
                return value

    return [[one() for _ in range(fan_out)] for _ in range(fan_in)]
