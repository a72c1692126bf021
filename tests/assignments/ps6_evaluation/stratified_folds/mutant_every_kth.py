# Mistake: every k-th row of a kind stays together; only where the count begins is drawn.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    generator = np.random.default_rng(seed)
    folds = np.empty(len(kinds), dtype=int)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        folds[rows] = (np.arange(len(rows)) + generator.integers(k)) % k
    return folds
