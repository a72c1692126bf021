# Mistake: training loss minus validation loss.
def read_history(history, patience):
    train, valid = history["loss"], history["val_loss"]
    best = int(np.argmin(valid))
    enough = len(valid) - 1 - best >= patience
    falls = train[-1] < train[best]
    return {
        "best_epoch": best + 1,
        "gap": train[best] - valid[best],
        "overfits_from": best + 2 if enough and falls else None,
    }
