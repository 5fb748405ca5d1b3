"""Furniture that several pages use: panels, charts, controls, and the components behind them."""
