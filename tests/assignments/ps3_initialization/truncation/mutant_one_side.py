# Mistake: cuts one side only.
def truncated_std(stddev, cut):
    from scipy import stats

    return stats.truncnorm(-np.inf, cut, scale=stddev).std()


def stddev_for(wanted, cut):
    from scipy import stats

    return wanted / stats.truncnorm(-np.inf, cut).std()
