"""How fast the lake is written and read, and what a backtest from it costs beside the same pass over memory."""
