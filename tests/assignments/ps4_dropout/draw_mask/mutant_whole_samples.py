# Mistake: drops whole samples, not single units.
def draw_mask(generator, samples, units, rate):
    kept = generator.random((samples, 1)) >= rate
    return kept * np.ones((samples, units))
