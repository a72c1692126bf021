# Mistake: lets a little of the negative sums through.
def variances(X, kernels, activation):
    apply = {"linear": lambda z: z, "tanh": np.tanh, "relu": lambda z: np.where(z > 0, z, 0.2 * z)}[activation]
    signal, found = X, []
    for kernel in kernels:
        signal = apply(signal @ kernel)
        found.append(signal.var())
    return found
