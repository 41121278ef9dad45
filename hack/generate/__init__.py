"""The generators: CRDs, access rules, chart schema and API reference, all from the models."""
