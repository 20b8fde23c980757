"""The orders table: what is ordered now, found by whom it touches, and what follows from it for one request."""

from ringfence.gate.table.scopes import DECIDABLE, NOBODY, WHOLE, Answering, Reach, order_key
from ringfence.gate.table.table import OrdersTable

__all__ = ["DECIDABLE", "NOBODY", "WHOLE", "Answering", "OrdersTable", "Reach", "order_key"]
