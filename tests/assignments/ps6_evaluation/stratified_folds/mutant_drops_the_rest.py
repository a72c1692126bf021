# Mistake: rows that are left over get no fold.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    generator = np.random.default_rng(seed)
    folds = np.full(len(kinds), -1)
    for kind in np.unique(kinds):
        rows = generator.permutation(np.flatnonzero(kinds == kind))
        rows = rows[: len(rows) // k * k]
        folds[rows] = np.arange(len(rows)) % k
    return folds
