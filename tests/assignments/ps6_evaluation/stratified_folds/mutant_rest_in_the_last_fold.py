# Mistake: the rows that are left over all go to the last fold.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    generator = np.random.default_rng(seed)
    folds = np.full(len(kinds), k - 1)
    for kind in np.unique(kinds):
        rows = generator.permutation(np.flatnonzero(kinds == kind))
        size = len(rows) // k
        for fold in range(k):
            folds[rows[fold * size : (fold + 1) * size]] = fold
    return folds
