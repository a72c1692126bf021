# Mistake: a constant column becomes NaN.
def scale_fold(X, train, validation):
    mean, std = X[train].mean(axis=0), X[train].std(axis=0)
    return (X[train] - mean) / std, (X[validation] - mean) / std
