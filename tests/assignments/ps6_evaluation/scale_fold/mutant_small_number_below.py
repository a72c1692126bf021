# Mistake: a small number under the fraction; what is constant in training explodes in validation.
def scale_fold(X, train, validation):
    mean, std = X[train].mean(axis=0), X[train].std(axis=0)
    return (X[train] - mean) / (std + 1e-8), (X[validation] - mean) / (std + 1e-8)
