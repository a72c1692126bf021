# Differs: a data frame, one row for each run.
def draws(seed, runs, size):
    generator = np.random.default_rng(seed)
    return pd.DataFrame([generator.standard_normal(size) for _ in range(runs)])
