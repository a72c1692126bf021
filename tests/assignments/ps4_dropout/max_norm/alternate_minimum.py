# Differs: a factor of at most one, and a data frame on the way.
def max_norm(weights, limit):
    frame = pd.DataFrame(weights)
    lengths = (frame**2).sum() ** 0.5
    return (frame * (limit / lengths.clip(lower=limit))).to_numpy()
