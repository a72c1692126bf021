# Mistake: draws one mask and uses it for every sample.
def draw_mask(generator, samples, units, rate):
    mask = generator.random(units) >= rate
    return np.tile(mask, (samples, 1)).astype(float)
