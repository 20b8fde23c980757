"""Judging what was: the journal as it was consumed (replay), the lake by its times (backtest), and thresholds from both."""
