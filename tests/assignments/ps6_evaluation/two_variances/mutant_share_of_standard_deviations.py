# Mistake: the share of the standard deviations.
def two_variances(table):
    training = table.var(axis=1, ddof=1).mean()
    data = max(0.0, table.mean(axis=1).var(ddof=1) - training / table.shape[1])
    total = training + data
    return {"training": training, "data": data, "share": data**0.5 / (data**0.5 + training**0.5) if total > 0 else 0.0}
