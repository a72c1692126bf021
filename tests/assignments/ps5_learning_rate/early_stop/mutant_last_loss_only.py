# Mistake: compares with the epoch before, not with the best.
def early_stop(losses, patience):
    since = 0
    for epoch in range(1, len(losses)):
        since = 0 if losses[epoch] < losses[epoch - 1] else since + 1
        if since == patience:
            return {"stopped": epoch, "best": int(np.argmin(losses[: epoch + 1]))}
    return {"stopped": len(losses) - 1, "best": int(np.argmin(losses))}
