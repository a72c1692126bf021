# Differs: draws all numbers at once and folds them; another constructor for the same generator.
def draws(seed, runs, size):
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.standard_normal(runs * size).reshape(runs, size)
