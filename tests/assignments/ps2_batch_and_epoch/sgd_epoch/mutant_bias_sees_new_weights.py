# Mistake: computes the bias's gradient after the other weights have changed.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    total = 0.0
    for start in range(0, len(X), batch_size):
        rows, targets = X[start : start + batch_size], y[start : start + batch_size]
        error = rows @ w + b - targets
        total += (error**2).sum()
        w_gradient = 2 * rows.T @ error / len(rows)
        w = w - learning_rate * w_gradient
        b = b - learning_rate * 2 * (rows @ w + b - targets).mean()
    return w, b, total / len(X)
