# Differs: binomial numbers.
def draw_mask(generator, samples, units, rate):
    return generator.binomial(1, 1 - rate, size=(samples, units))
