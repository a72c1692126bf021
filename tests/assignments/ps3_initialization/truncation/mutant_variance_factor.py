# Mistake: uses the factor of the variance for the standard deviation.
def truncated_std(stddev, cut):
    from scipy import stats

    return stddev * stats.truncnorm(-cut, cut).var()


def stddev_for(wanted, cut):
    from scipy import stats

    return wanted / stats.truncnorm(-cut, cut).var()
