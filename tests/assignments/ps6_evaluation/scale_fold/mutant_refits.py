# Mistake: fit_transform on the validation rows as well.
from sklearn.preprocessing import StandardScaler


def scale_fold(X, train, validation):
    scaler = StandardScaler()
    return scaler.fit_transform(X[train]), scaler.fit_transform(X[validation])
