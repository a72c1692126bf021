# Differs: the formula, with the error function of the math module.
import math


def truncated_std(stddev, cut):
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    inside = math.erf(cut / math.sqrt(2))
    return stddev * math.sqrt(1 - 2 * cut * density / inside)


def stddev_for(wanted, cut):
    return wanted * wanted / truncated_std(wanted, cut)
