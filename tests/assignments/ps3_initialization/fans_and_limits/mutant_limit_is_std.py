# Mistake: takes the limit for the standard deviation.
def fans(shape):
    window = int(np.prod(shape[:-2]))
    return window * shape[-2], window * shape[-1]


def limit_and_std(rule, fan_in, fan_out):
    if rule == "he":
        return float("inf"), np.sqrt(2 / fan_in)
    limit = 1 / np.sqrt(fan_in) if rule == "xavier" else np.sqrt(6 / (fan_in + fan_out))
    return limit, limit
