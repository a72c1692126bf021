# Differs: pandas, long form.
def two_variances(table):
    by_split = pd.DataFrame(table).stack().groupby(level=0)
    training = by_split.var().mean()
    data = max(by_split.mean().var() - training / table.shape[1], 0)
    return pd.Series({"training": training, "data": data, "share": data and data / (data + training)}).to_dict()
