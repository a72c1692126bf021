# Mistake: makes what is already too small even smaller.
def truncated_std(stddev, cut):
    from scipy import stats

    return stats.truncnorm(-cut, cut, scale=stddev).std()


def stddev_for(wanted, cut):
    from scipy import stats

    return wanted * stats.truncnorm(-cut, cut).std()
