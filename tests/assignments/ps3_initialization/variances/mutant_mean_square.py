# Mistake: returns the mean square, which is larger where the mean is not zero.
def variances(X, kernels, activation):
    apply = {"linear": lambda z: z, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[activation]
    signal, found = X, []
    for kernel in kernels:
        signal = apply(signal @ kernel)
        found.append((signal**2).mean())
    return found
