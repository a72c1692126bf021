# Mistake: the standard deviation with n - 1.
def scale_fold(X, train, validation):
    mean, std = X[train].mean(axis=0), X[train].std(axis=0, ddof=1)
    std = np.where(std == 0, 1, std)
    return (X[train] - mean) / std, (X[validation] - mean) / std
