# Mistake: returns the scaled mask, which is the next task's business.
def draw_mask(generator, samples, units, rate):
    return (generator.random((samples, units)) >= rate) / (1 - rate)
