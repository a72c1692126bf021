# Differs: mean squares, as in a table of an analysis of variance; a 0 / 0 with its warning on the way.
def two_variances(table):
    splits, seeds = table.shape
    means = table.mean(axis=1, keepdims=True)
    within = np.sum((table - means) ** 2) / (splits * (seeds - 1))
    between = seeds * np.sum((means - table.mean()) ** 2) / (splits - 1)
    data = np.maximum((between - within) / seeds, 0)
    return {"training": within, "data": data, "share": np.nan_to_num(data / (data + within))}
