"""Production, asked again and again: schedule, history, states, blame, alerts, metrics."""
