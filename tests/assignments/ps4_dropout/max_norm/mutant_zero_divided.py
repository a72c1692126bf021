# Mistake: a column of zeros becomes NaN, for its length divides it.
def max_norm(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return weights / lengths * np.minimum(lengths, limit)
