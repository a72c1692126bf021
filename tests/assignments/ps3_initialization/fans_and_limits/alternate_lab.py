# Differs: the lab's own formulae, scipy's distributions; arrays.
def fans(shape):
    shape = np.array(shape)
    return np.prod(shape) // shape[[-1, -2]]


def limit_and_std(rule, fan_in, fan_out):
    weights = initializers.distribution(rule, fan_in, fan_out)
    return np.array([weights.support()[1], weights.std()])
