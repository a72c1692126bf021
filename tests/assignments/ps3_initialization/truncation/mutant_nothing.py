# Mistake: takes the standard deviation asked for as the one that you get.
def truncated_std(stddev, cut):
    return stddev


def stddev_for(wanted, cut):
    return wanted
