# Mistake: draws from NumPy's global generator.
def draw_mask(generator, samples, units, rate):
    return (np.random.rand(samples, units) >= rate).astype(float)
