"""What the loop needs of the process: signals, rests, logs, metrics, a port for probes, notices."""
