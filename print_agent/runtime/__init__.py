"""What every process needs: clocks, threads, systemd, a trace for the benchmark."""
