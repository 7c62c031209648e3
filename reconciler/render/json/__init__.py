"""JSON for machines: one line per object, stable keys, times in UTC."""
