# Differs: scikit-learn's StandardScaler.
from sklearn.preprocessing import StandardScaler


def scale_fold(X, train, validation):
    scaler = StandardScaler().fit(X[train])
    return [scaler.transform(X[rows]) for rows in (train, validation)]
