# Mistake: takes the last of several equal lowest values.
def read_history(history, patience):
    train, valid = history["loss"], history["val_loss"]
    best = len(valid) - 1 - int(np.argmin(valid[::-1]))
    enough = len(valid) - 1 - best >= patience
    falls = train[-1] < train[best]
    return {
        "best_epoch": best + 1,
        "gap": valid[best] - train[best],
        "overfits_from": best + 2 if enough and falls else None,
    }
