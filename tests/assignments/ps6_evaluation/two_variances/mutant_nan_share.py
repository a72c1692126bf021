# Mistake: the share is NaN where nothing varies.
def two_variances(table):
    training = table.var(axis=1, ddof=1).mean()
    data = max(0.0, table.mean(axis=1).var(ddof=1) - training / table.shape[1])
    total = training + data
    return {"training": training, "data": data, "share": np.float64(data) / total}
