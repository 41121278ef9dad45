"""The rules behind the plans: each looks at one question and gives a reason."""
