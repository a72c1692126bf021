# Mistake: a variance below zero.
def two_variances(table):
    training = table.var(axis=1, ddof=1).mean()
    data = table.mean(axis=1).var(ddof=1) - training / table.shape[1]
    total = training + data
    return {"training": training, "data": data, "share": data / total if total > 0 else 0.0}
