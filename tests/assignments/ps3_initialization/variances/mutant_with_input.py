# Mistake: begins with the variance of the inputs.
def variances(X, kernels, activation):
    apply = {"linear": lambda z: z, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[activation]
    signal, found = X, [X.var()]
    for kernel in kernels:
        signal = apply(signal @ kernel)
        found.append(signal.var())
    return found
