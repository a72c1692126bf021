# Mistake: keeps with probability `rate` instead of dropping with it.
def draw_mask(generator, samples, units, rate):
    return (generator.random((samples, units)) < rate).astype(float)
