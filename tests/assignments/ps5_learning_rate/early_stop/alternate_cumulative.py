# Differs: cumulative minima in pandas.
def early_stop(losses, patience):
    series = pd.Series(losses, dtype=float)
    before = series.cummin().shift(fill_value=np.inf)
    improved = series < before
    last_improvement = pd.Series(np.where(improved, series.index, np.nan)).ffill()
    waited = series.index - last_improvement
    stops = waited.index[waited == patience]
    stopped = int(stops[0]) if len(stops) else len(series) - 1
    return {"stopped": stopped, "best": int(last_improvement[stopped])}
