# Mistake: stratified, but not shuffled: the seed has no effect.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    folds = np.empty(len(kinds), dtype=int)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        folds[rows] = np.arange(len(rows)) % k
    return folds
