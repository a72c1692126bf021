# Mistake: one update from the gradient of all rows.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    error = X @ w + b - y
    loss = (error**2).mean()
    return w - learning_rate * 2 * X.T @ error / len(X), b - learning_rate * 2 * error.mean(), loss
