# Differs: one generator, run after run, number after number, in plain lists.
def draws(seed, runs, size):
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(runs):
        rows.append([generator.standard_normal() for _ in range(size)])
    return rows
