# Mistake: the constant of Keras, for any cut.
def truncated_std(stddev, cut):
    return stddev * 0.87962566


def stddev_for(wanted, cut):
    return wanted / 0.87962566
