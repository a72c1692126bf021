# Differs: changes the array w in place, computes in float32, returns a list.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    X, y = np.asarray(X, dtype="float32"), np.asarray(y, dtype="float32")
    losses = np.empty(len(X))
    for start in range(0, len(X), batch_size):
        batch = slice(start, start + batch_size)
        error = X[batch] @ w + b - y[batch]
        losses[batch] = error**2
        w -= learning_rate * 2 * (X[batch] * error[:, None]).mean(axis=0)
        b -= learning_rate * 2 * np.mean(error)
    return [w, b, losses.mean()]
