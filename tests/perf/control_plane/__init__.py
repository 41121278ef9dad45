"""The control plane alone: what one run's lifecycle costs, beside a plain Kopf operator."""
