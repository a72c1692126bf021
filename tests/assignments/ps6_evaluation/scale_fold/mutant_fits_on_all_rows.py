# Mistake: mean and standard deviation of all rows, the validation rows included.
def scale_fold(X, train, validation):
    mean, std = X.mean(axis=0), X.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (X[train] - mean) / std, (X[validation] - mean) / std
