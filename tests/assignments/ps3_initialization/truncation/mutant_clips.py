# Mistake: clips what lies beyond instead of drawing it again.
def truncated_std(stddev, cut):
    draws = np.random.default_rng(0).normal(size=1_000_000)
    return stddev * np.clip(draws, -cut, cut).std()


def stddev_for(wanted, cut):
    return wanted / truncated_std(1, cut)
