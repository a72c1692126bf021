# Differs: a large simulation, unseeded; a float32.
def truncated_std(stddev, cut):
    draws = np.random.default_rng().normal(0, stddev, size=4_000_000)
    return np.float32(draws[np.abs(draws) <= cut * stddev].std())


def stddev_for(wanted, cut):
    return wanted / truncated_std(1, cut)
