# Mistake: scales X itself.
def scale_fold(X, train, validation):
    mean, std = X[train].mean(axis=0), X[train].std(axis=0)
    X -= mean
    X /= np.where(std == 0, 1, std)
    return X[train], X[validation]
