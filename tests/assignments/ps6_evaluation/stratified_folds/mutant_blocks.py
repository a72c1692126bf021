# Mistake: rows that follow each other stay together; only the numbers of the folds are drawn.
def stratified_folds(kinds, k, seed):
    kinds = np.asarray(kinds)
    generator = np.random.default_rng(seed)
    folds = np.empty(len(kinds), dtype=int)
    for kind in np.unique(kinds):
        numbers = generator.permutation(k)
        for number, rows in zip(numbers, np.array_split(np.flatnonzero(kinds == kind), k)):
            folds[rows] = number
    return folds
