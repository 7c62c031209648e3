"""`explain`: one client beside the current plan, or one id that the program's output names. Only reads."""
