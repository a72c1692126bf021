# Differs: a counter and NumPy's argmin at the end.
def early_stop(losses, patience):
    low, since = float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < low:
            low, since = loss, 0
        else:
            since += 1
        if since >= patience:
            break
    return {"stopped": epoch, "best": np.argmin(losses[: epoch + 1])}
