# Differs: choice with probabilities, as whole numbers.
def draw_mask(generator, samples, units, rate):
    return generator.choice([0, 1], size=(samples, units), p=[rate, 1 - rate])
