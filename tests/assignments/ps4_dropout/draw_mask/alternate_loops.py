# Differs: pure Python loops and a list of lists, with the comparison the other way round.
def draw_mask(generator, samples, units, rate):
    keep = 1 - rate
    return [[1 if number < keep else 0 for number in generator.random(units)] for _ in range(samples)]
