# Mistake: takes the lowest loss so far, not that of the last finished epoch.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        updates = -(-n // size)
        epochs = min(budget // (updates * cost[size]), len(losses))
        reached[size] = min(losses[:epochs]) if epochs > 0 else None
    return reached
