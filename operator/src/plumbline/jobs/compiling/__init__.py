"""From a fitted model to one that runs without scikit-learn, and the check that both agree."""
