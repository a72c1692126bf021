# Mistake: makes a generator of its own, so that every batch gets the same mask.
def draw_mask(generator, samples, units, rate):
    own = np.random.default_rng(0)
    return (own.random((samples, units)) >= rate).astype(float)
