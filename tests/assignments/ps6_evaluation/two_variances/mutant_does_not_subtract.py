# Mistake: the variance of the row means as it is, with what training adds to it.
def two_variances(table):
    training = table.var(axis=1, ddof=1).mean()
    data = max(0.0, table.mean(axis=1).var(ddof=1))
    total = training + data
    return {"training": training, "data": data, "share": data / total if total > 0 else 0.0}
