# Mistake: reports the plain mean of the batches' losses: a small last batch counts as much as a
# full one.
def sgd_epoch(X, y, w, b, learning_rate, batch_size):
    losses = []
    for start in range(0, len(X), batch_size):
        rows, targets = X[start : start + batch_size], y[start : start + batch_size]
        error = rows @ w + b - targets
        losses.append((error**2).mean())
        w_gradient = 2 * rows.T @ error / len(rows)
        b_gradient = 2 * error.mean()
        w = w - learning_rate * w_gradient
        b = b - learning_rate * b_gradient
    return w, b, np.mean(losses)
