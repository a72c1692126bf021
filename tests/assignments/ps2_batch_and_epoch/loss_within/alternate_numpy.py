# Differs: NumPy: searches the budget in the summed costs.
def loss_within(val_losses, n, cost, budget):
    reached = {}
    for size, losses in val_losses.items():
        spent = np.cumsum(np.full(len(losses), len(range(0, n, size)) * cost[size]))
        place = np.searchsorted(spent, budget, side="right")
        reached[size] = np.asarray(losses)[place - 1] if place else None
    return reached
