# Differs: pure Python: loops and math; lists.
import math


def fans(shape):
    *places, fan_in, fan_out = shape
    for length in places:
        fan_in *= length
        fan_out *= length
    return [fan_in, fan_out]


def limit_and_std(rule, fan_in, fan_out):
    variance = {"xavier": 1 / (3 * fan_in), "normalized_xavier": 2 / (fan_in + fan_out), "he": 2 / fan_in}[rule]
    return [math.inf if rule == "he" else math.sqrt(3 * variance), variance**0.5]
