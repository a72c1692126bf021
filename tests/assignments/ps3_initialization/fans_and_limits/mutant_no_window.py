# Mistake: forgets the places of the window in both fans of a convolution.
def fans(shape):
    window = 1
    return window * shape[-2], window * shape[-1]


def limit_and_std(rule, fan_in, fan_out):
    if rule == "he":
        return float("inf"), np.sqrt(2 / fan_in)
    limit = 1 / np.sqrt(fan_in) if rule == "xavier" else np.sqrt(6 / (fan_in + fan_out))
    return limit, limit / np.sqrt(3)
