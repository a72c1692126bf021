# Mistake: the variance of all scores for that of training.
def two_variances(table):
    training = table.var(ddof=1)
    data = max(0.0, table.mean(axis=1).var(ddof=1) - training / table.shape[1])
    total = training + data
    return {"training": training, "data": data, "share": data / total if total > 0 else 0.0}
