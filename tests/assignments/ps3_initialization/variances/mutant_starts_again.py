# Mistake: sends X itself into each layer that fits.
def variances(X, kernels, activation):
    apply = {"linear": lambda z: z, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[activation]
    signal, found = X, []
    for kernel in kernels:
        signal = apply((X if X.shape[1] == kernel.shape[0] else signal) @ kernel)
        found.append(signal.var())
    return found
