# Mistake: measures each batch's loss after its update.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    total = 0.0
    for start in range(0, len(X), batch_size):
        rows, targets = X[start : start + batch_size], y[start : start + batch_size]
        error = rows @ w + b - targets
        w_gradient = 2 * rows.T @ error / len(rows)
        b_gradient = 2 * error.mean()
        w = w - learning_rate * w_gradient
        b = b - learning_rate * b_gradient
        total += ((rows @ w + b - targets) ** 2).sum()
    return w, b, total / len(X)
