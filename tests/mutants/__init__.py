"""Mutation testing: small changes of what decides, each of which a test must notice."""
