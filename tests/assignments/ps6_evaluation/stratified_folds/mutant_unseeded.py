# Mistake: the generator gets no seed.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    generator = np.random.default_rng()
    folds = np.empty(len(kinds), dtype=int)
    for kind in np.unique(kinds):
        rows = generator.permutation(np.flatnonzero(kinds == kind))
        folds[rows] = np.arange(len(rows)) % k
    return folds
