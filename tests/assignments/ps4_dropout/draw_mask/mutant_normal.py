# Mistake: compares normal numbers with the rate.
def draw_mask(generator, samples, units, rate):
    return (generator.normal(size=(samples, units)) >= rate).astype(float)
