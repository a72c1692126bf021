# Differs: pandas; shuffles all rows, and counts within each kind.
def stratified_folds(kinds, k, seed):
    shuffled = pd.Series(kinds).sample(frac=1, random_state=seed)
    return shuffled.groupby(shuffled).cumcount().mod(k).sort_index()
