# Differs: scikit-learn's StratifiedKFold, which warns of a kind with fewer rows than folds.
from sklearn.model_selection import StratifiedKFold


def stratified_folds(kinds, k, seed):
    folds = np.zeros(len(kinds))
    cuts = StratifiedKFold(k, shuffle=True, random_state=seed).split(np.zeros(len(kinds)), kinds)
    for fold, (_, validation) in enumerate(cuts):
        folds[validation] = fold
    return folds
