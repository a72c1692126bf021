# Mistake: one mean and one standard deviation for all columns together.
def scale_fold(X, train, validation):
    mean, std = X[train].mean(), X[train].std()
    return (X[train] - mean) / std, (X[validation] - mean) / std
