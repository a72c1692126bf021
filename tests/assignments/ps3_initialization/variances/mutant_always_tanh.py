# Mistake: applies tanh whatever is asked for.
def variances(X, kernels, activation):
    apply = {"linear": np.tanh, "tanh": np.tanh, "relu": np.tanh}[activation]
    signal, found = X, []
    for kernel in kernels:
        signal = apply(signal @ kernel)
        found.append(signal.var())
    return found
