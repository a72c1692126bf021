# Mistake: cuts at the number `cut` itself instead of `cut` standard deviations.
def truncated_std(stddev, cut):
    from scipy import stats

    return stats.truncnorm(-cut / stddev, cut / stddev, scale=stddev).std()


def stddev_for(wanted, cut):
    from scipy import stats

    return wanted / stats.truncnorm(-cut / wanted, cut / wanted).std()
