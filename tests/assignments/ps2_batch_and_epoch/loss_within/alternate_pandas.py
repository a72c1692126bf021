# Differs: pandas: one row for each epoch, the last one that is within the budget.
def loss_within(val_losses, n, cost, budget):
    answer = {}
    for size, losses in val_losses.items():
        series = pd.Series(losses, index=np.arange(1, len(losses) + 1) * int(np.ceil(n / size)) * cost[size])
        series = series[series.index <= budget]
        answer[int(size)] = None if series.empty else series.iloc[-1]
    return answer
