# Mistake: of equal losses the last.
def early_stop(losses, patience):
    low, since, best, stopped = np.inf, 0, 0, len(losses) - 1
    for epoch, loss in enumerate(losses):
        since = 0 if loss < low else since + 1
        best = epoch if loss <= low else best
        low = min(low, loss)
        if since == patience:
            stopped = epoch
            break
    return {"stopped": stopped, "best": best}
