# Differs: Keras's activations, in float32; returns an array.
def variances(X, kernels, activation):
    function = keras.activations.get(activation)
    signal, found = np.asarray(X, dtype="float32"), np.empty(len(kernels))
    for number, kernel in enumerate(kernels):
        signal = np.asarray(function(signal @ np.asarray(kernel, dtype="float32")))
        found[number] = np.var(signal)
    return found
