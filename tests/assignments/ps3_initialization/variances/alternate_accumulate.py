# Differs: itertools and masks; mean square minus squared mean; a tuple.
from itertools import accumulate


def variances(X, kernels, activation):
    def layer(signal, kernel):
        z = np.dot(signal, kernel)
        return {"linear": z, "tanh": np.tanh(z), "relu": z * (z > 0)}[activation]

    outputs = list(accumulate(kernels, layer, initial=np.asarray(X)))[1:]
    return tuple(np.mean(out**2) - np.mean(out) ** 2 for out in outputs)
