"""The judge Job: fetch what was held out, predict, judge."""
