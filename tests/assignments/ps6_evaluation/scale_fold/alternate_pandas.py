# Differs: pandas data frames go in and out.
def scale_fold(X, train, validation):
    frame = pd.DataFrame(X)
    seen = frame.iloc[train]
    unit = seen.std(ddof=0).replace(0.0, 1.0)
    return (seen - seen.mean()) / unit, (frame.iloc[validation] - seen.mean()) / unit
